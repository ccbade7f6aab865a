import { cp, rename } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { RESCAN_MS } from '../../src/egress/gateway.ts';
import { policiesDir } from '../../src/egress/layout.ts';
import type { RequestHandler } from '../../src/egress/request-handler.ts';
import { eventually } from '../support/eventually.ts';
import { untilOver } from '../support/until-over.ts';
import { realClientHello } from './support/client-hello.ts';
import {
  connectTo,
  exchange,
  gatewayRig,
  rawServer,
  serve,
  tunnelTo,
  type GatewayRig,
  type RigOptions,
} from './support/rig.ts';

const PUBLIC = '93.184.216.34';

/** As good as never. */
const AN_HOUR_MS = 3_600_000;
/** What is not allowed any more is cut within 2 s; one of them is left for the look itself. */
const LONGEST_RESCAN_MS = 1_000;

async function world(port: number, { resolve = async () => [PUBLIC], ...options }: Partial<RigOptions> = {}) {
  const rig = await gatewayRig({ repoPort: port, resolve, dial: () => dial(['127.0.0.1'], port), ...options });
  await rig.start();
  return rig;
}

/** They are written down a moment after what they tell of. */
const verdictsOf = async (rig: GatewayRig): Promise<string[]> =>
  (await rig.decisions('sbx_a')).map(({ verdict }) => verdict);

const isOver = (socket: Socket): boolean => socket.destroyed || socket.readableEnded;

it('cuts what the new rules do not allow: raw, TLS and a download, on both ends; the rest and the repo host live on', async () => {
  const upstreams: Socket[] = [];
  const port = await rawServer((socket) => {
    upstreams.push(socket);
    socket.write('HTTP/1.1 200 OK\r\n\r\nbeginning');
    socket.resume();
  });
  // By the notice of the change alone, which comes at once.
  const rig = await world(port, { rescanMs: AN_HOUR_MS });
  const kept = ['tcp://kept.example.com:22', 'tls.example.com'];
  const path = await rig.sandbox('sbx_a', [
    ...kept,
    'tcp://raw.example.com:22',
    '*.gone.example.com',
    'web.example.com:80',
  ]);
  const open = {
    kept: await tunnelTo(path, 'kept.example.com:22'),
    keptTls: await tunnelTo(path, 'tls.example.com:443'),
    repo: await tunnelTo(path, `127.0.0.1:${port}`),
    raw: await tunnelTo(path, 'raw.example.com:22'),
    tls: await tunnelTo(path, 'a.gone.example.com:443'),
    web: await connectTo(path),
  };
  open.keptTls.write(await realClientHello({ servername: 'tls.example.com' }));
  open.tls.write(await realClientHello({ servername: 'a.gone.example.com' }));
  open.web.write('GET http://web.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n');
  for (const socket of Object.values(open)) socket.resume();
  await eventually(
    () => rig.decisions('sbx_a'),
    (found) => found.filter(({ verdict }) => verdict === 'allowed').length === 6,
  );
  await rig.sandbox('sbx_a', kept);
  await eventually(() => [open.raw, open.tls, open.web].every(isOver), Boolean, { everyMs: 5 });
  await eventually(
    () => upstreams.filter(isOver).length,
    (count) => count === 3,
  );
  expect([open.kept, open.keptTls, open.repo].some(isOver)).toBe(false);
  await expect.poll(async () => (await verdictsOf(rig)).filter((verdict) => verdict === 'cut')).toHaveLength(3);
  const cut = (await rig.decisions('sbx_a')).filter(({ verdict }) => verdict === 'cut');
  expect(new Set(cut.map(({ host }) => host))).toEqual(
    new Set(['a.gone.example.com', 'raw.example.com', 'web.example.com']),
  );
  expect(cut[0]?.reason).toContain("is not in this session's network.allow any more");
});

it('cuts by its next look where the notice of a change is lost, and looks every second', async () => {
  expect(RESCAN_MS).toBeLessThanOrEqual(LONGEST_RESCAN_MS);
  const rig = await world(await rawServer((socket) => void socket.resume()));
  const path = await rig.sandbox('sbx_a', ['tcp://a.example.com:22']);
  const open = await tunnelTo(path, 'a.example.com:22');
  // Notices come for the directory that was there at the start, wherever it lies by now.
  const policies = policiesDir(rig.runDir);
  await cp(policies, `${policies}.copy`, { recursive: true });
  await rename(policies, `${policies}.before`);
  await rename(`${policies}.copy`, policies);
  await rig.sandbox('sbx_a', []);
  await untilOver(open.resume());
  await expect.poll(() => verdictsOf(rig)).toEqual(['allowed', 'cut']);
});

it('cuts a raw tunnel when only what was looked at may go there now, and no looked-at one when raw ones may', async () => {
  const rig = await world(await rawServer((socket) => void socket.resume()));
  const path = await rig.sandbox('sbx_a', ['tcp://a.example.com:443', 'b.example.com']);
  const raw = await tunnelTo(path, 'a.example.com:443');
  const checked = await tunnelTo(path, 'b.example.com:443');
  checked.write(await realClientHello({ servername: 'b.example.com' }));
  for (const socket of [raw, checked]) socket.resume();
  await eventually(
    () => rig.decisions('sbx_a'),
    (found) => found.length === 2,
  );
  await rig.sandbox('sbx_a', ['a.example.com', 'tcp://b.example.com:443']);
  await eventually(() => isOver(raw), Boolean);
  expect(isOver(checked)).toBe(false);
});

it('does not open what was taken away while its name was looked up, or while it said what it is', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string[]>();
  let got = '';
  const port = await rawServer((socket) => socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1'))));
  const rig = await world(port, {
    resolve: async (host) => {
      if (host !== 'slow.example.com') return [PUBLIC];
      asked.resolve();
      return answer.promise;
    },
  });
  const path = await rig.sandbox('sbx_a', ['slow.example.com']);
  const refused = exchange(path, 'CONNECT slow.example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n');
  await asked.promise;
  await rig.sandbox('sbx_a', ['other.example.com']);
  const opens = (): Promise<boolean> =>
    tunnelTo(path, 'other.example.com:443').then(
      () => true,
      () => false,
    );
  await eventually(opens, Boolean);
  answer.resolve([PUBLIC]);
  expect(await refused).toMatch(/^HTTP\/1\.1 403/);
  const undecided = await tunnelTo(path, 'other.example.com:443');
  undecided.on('error', () => undefined).resume();
  await rig.sandbox('sbx_a', []);
  await eventually(() => isOver(undecided), Boolean);
  expect(got).toBe('');
});

it('cuts nothing when rules are added, and refuses all by an empty list but the repo host', async () => {
  const port = await serve(createHttpServer((_req, res) => void res.end('here')));
  const rig = await world(port);
  const path = await rig.sandbox('sbx_a', ['tcp://a.example.com:22']);
  const open = await tunnelTo(path, 'a.example.com:22');
  await rig.sandbox('sbx_a', ['tcp://a.example.com:22', 'web.example.com:80']);
  await eventually(
    () => exchange(path, 'GET http://web.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n'),
    (text) => text.endsWith('here'),
  );
  expect(isOver(open)).toBe(false);
  await rig.sandbox('sbx_a', []);
  open.resume();
  await untilOver(open);
  expect(await exchange(path, 'GET http://web.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/403/);
  expect(await exchange(path, `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/here$/);
});

it('forgets a client that hung up while its name was looked up', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string[]>();
  const port = await rawServer((socket) => void socket.resume());
  const rig = await world(port, {
    resolve: async () => {
      asked.resolve();
      return answer.promise;
    },
  });
  const path = await rig.sandbox('sbx_a', ['tcp://slow.example.com:22', 'slow.example.com:80']);
  const tunnelled = await connectTo(path);
  tunnelled.write('CONNECT slow.example.com:22 HTTP/1.1\r\nHost: x\r\n\r\n');
  const plain = await connectTo(path);
  plain.write('GET http://slow.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n');
  await asked.promise;
  tunnelled.destroy();
  plain.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  answer.resolve([PUBLIC]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await rig.sandbox('sbx_a', ['other.example.com']);
  const opens = (): Promise<boolean> =>
    tunnelTo(path, 'other.example.com:443').then(
      () => true,
      () => false,
    );
  await eventually(opens, Boolean);
  expect((await rig.decisions('sbx_a')).filter(({ verdict }) => verdict === 'cut')).toEqual([]);
});

it('cuts what goes to the repo host where a handler serves that from now on', async () => {
  const port = await rawServer((socket) => void socket.resume());
  const handler: RequestHandler = { serves: (target) => target?.port === port, handle: async () => undefined };
  const rig = await gatewayRig({ repoPort: port, handlersFor: ({ allow }) => (allow.length === 0 ? [handler] : []) });
  await rig.start();
  const path = await rig.sandbox('sbx_a', ['any.example.com']);
  const open = await tunnelTo(path, `127.0.0.1:${port}`);
  open.on('error', () => undefined).resume();
  await rig.sandbox('sbx_a', []);
  await eventually(() => isOver(open), Boolean);
  expect(isOver(open)).toBe(true);
});
