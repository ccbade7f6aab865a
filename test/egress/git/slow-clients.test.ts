import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { FLUSH, packet } from '../../../src/egress/git/pkt-line.ts';
import type { Pace } from '../../../src/egress/git/patience.ts';
import { Secret } from '../../../src/token/secret.ts';
import { untilOver } from '../../support/until-over.ts';
import { serve } from '../support/rig.ts';
import { gitGatewayRig } from './rig.ts';

/** Nobody in these tests is as slow as this by accident, or waits for it for long. */
const PACE: Pace = { minBytesPerSecond: 1_000, behindMs: 1_500, totalMs: 60_000 };
const REPO = '/r.git';
const [ZERO, ONE] = ['0'.repeat(40), '1'.repeat(40)];

interface Rig {
  /** A connection of the sandbox's to its git. */
  open(): Socket;
  /** Requests that reached the repo host. */
  reached: string[];
  /** Connections to the repo host that are open now. */
  atHost(): number;
  scratch(): Promise<string[]>;
}

async function rig(answer: RequestListener): Promise<Rig> {
  const reached: string[] = [];
  const sockets = new Set<Socket>();
  const host = createServer((req, res) => {
    reached.push(`${req.method} ${req.url} ${req.headers['content-length'] ?? 'streamed'}`);
    answer(req, res);
  });
  host.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await serve(host);
  const gateway = await gitGatewayRig({
    repoOrigin: `http://127.0.0.1:${port}`,
    git: {
      tokenId: 'tok_1',
      repos: [{ id: 'r', access: 'write', push: { branches: ['*'], force: false, delete: false } }],
    },
    ask: async () => ({
      tokenId: 'tok_1',
      value: new Secret('obviously-fake'),
      cloneUrls: { r: `http://127.0.0.1:${port}${REPO}` },
    }),
    pace: PACE,
  });
  return {
    reached,
    scratch: () => gateway.scratch(),
    atHost: () => sockets.size,
    open() {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      return socket;
    },
  };
}

const post = (service: string, bytes: number): string =>
  `POST ${REPO}/git-${service} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-git-${service}-request\r\ncontent-length: ${bytes}\r\n\r\n`;

const PUSHES: [string, Buffer][] = [
  ['a fetch', packet(`want ${ONE}\n`)],
  ['a push', Buffer.concat([packet(`${ZERO} ${ONE} refs/heads/new\0report-status`), FLUSH, Buffer.from('PACK')])],
  ['a push that must be proven', Buffer.concat([packet(`${ONE} ${ONE} refs/heads/a\0x`), FLUSH, Buffer.from('PACK')])],
];

test.each(PUSHES)('%s that is sent halfway takes nothing at the host, and is given up', async (what, begin) => {
  const at = await rig((_req, res) => void res.end());
  const client = at.open();
  client.write(post(what === 'a fetch' ? 'upload-pack' : 'receive-pack', 1_000_000));
  client.write(begin);
  const [said] = (await once(client, 'data')) as [Buffer];
  expect(said.toString()).toContain('HTTP/1.1 408');
  expect(said.toString()).toContain('sent or read too slowly');
  expect(at.reached).toEqual([]);
  await untilOver(client);
  await expect.poll(() => at.scratch()).toEqual([]);
});

test('a body that drips goes to the host as a whole, once it has all come', async () => {
  const at = await rig((req, res) => {
    req.resume().on('end', () => res.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' }).end());
  });
  const client = at.open();
  const body = Buffer.concat([packet(`want ${ONE}\n`), FLUSH, packet('done\n')]);
  client.write(post('upload-pack', body.length));
  for (const byte of body) {
    expect(at.reached).toEqual([]);
    client.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const [said] = (await once(client, 'data')) as [Buffer];
  expect(said.toString()).toContain('HTTP/1.1 200');
  expect(at.reached).toEqual([`POST ${REPO}/git-upload-pack ${body.length}`]);
});

test('a client that does not read its answer loses the connection to the host that it holds', async () => {
  const at = await rig((req, res) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    const more = (): void => {
      while (!res.destroyed && res.write(randomBytes(64 * 1024)));
      if (!res.destroyed) res.once('drain', more);
    };
    more();
  });
  const client = at.open();
  client.pause();
  const body = Buffer.concat([packet(`want ${ONE}\n`), FLUSH, packet('done\n')]);
  client.write(Buffer.concat([Buffer.from(post('upload-pack', body.length)), body]));
  await expect.poll(() => at.atHost()).toBe(1);
  await expect.poll(() => at.atHost(), { timeout: 20_000 }).toBe(0);
});

test('a session with more requests under way than it may have waits for itself', async () => {
  const held: (() => void)[] = [];
  const at = await rig((req, res) => {
    req.resume();
    held.push(() => res.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' }).end('0000'));
  });
  const clients = Array.from({ length: 20 }, () => at.open());
  for (const client of clients)
    client.write(`GET ${REPO}/info/refs?service=git-upload-pack HTTP/1.1\r\nhost: x\r\n\r\n`);
  await expect.poll(() => held.length).toBe(16);
  for (const end of held.splice(0, 4)) end();
  await expect.poll(() => at.reached.length).toBe(20);
});

test('a push that was refused and is still sent, drop by drop, is cut', async () => {
  const at = await rig((_req, res) => void res.end());
  const client = at.open();
  client.write(post('receive-pack', 1_000_000));
  client.write(Buffer.concat([packet(`${ONE} ${ZERO} refs/heads/gone\0report-status`), FLUSH]));
  const [said] = (await once(client, 'data')) as [Buffer];
  expect(said.toString()).toContain('nothing may be deleted');
  const drip = setInterval(() => client.write('x'), 100);
  await untilOver(client);
  clearInterval(drip);
  expect(at.reached).toEqual([]);
});
