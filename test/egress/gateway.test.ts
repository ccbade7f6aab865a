import { access, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { closeGateway, gatewayReady, listGateways } from '../../src/egress/policy-files.ts';
import { eventually } from '../support/eventually.ts';
import { untilOver } from '../support/until-over.ts';
import {
  connectTo,
  exchange,
  gatewayRig,
  placePolicy,
  rawServer,
  serve,
  tunnelTo,
  type GatewayRig,
} from './support/rig.ts';

const PUBLIC = '93.184.216.34';
const connectRequest = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
const echo = (socket: Socket) => void socket.pipe(socket);
const gone = (path: string) =>
  access(path).then(
    () => false,
    () => true,
  );

async function rigFor(onClient: (socket: Socket) => void): Promise<{ rig: GatewayRig; port: number }> {
  const port = await rawServer(onClient);
  const rig = await gatewayRig({ repoPort: port });
  await rig.start();
  return { rig, port };
}

it('tunnels to the repo host, ends each direction by itself, and writes the decision down', async () => {
  const { rig, port } = await rigFor((socket) => {
    // Answers only once it has read to the end, as `git upload-pack` over a half-closed connection does.
    void textOf(socket).then((asked) => socket.end(`you said ${asked}`));
  });
  const client = await tunnelTo(await rig.sandbox('sbx_a'), `127.0.0.1:${port}`);
  client.end('hello');
  expect(await textOf(client)).toBe('you said hello');
  expect(await rig.decisions('sbx_a')).toEqual([
    { atMs: expect.any(Number), host: '127.0.0.1', port, verdict: 'allowed', reason: null },
  ]);
});

it('lets an allowed name out to exactly the addresses that were checked', async () => {
  const port = await rawServer(echo);
  const dialled: unknown[] = [];
  const rig = await gatewayRig({
    repoPort: 1,
    resolve: async (host) => (host === 'inside.example.org' ? [PUBLIC, '127.0.0.1'] : [PUBLIC]),
    dial: (addresses, wanted) => {
      dialled.push([addresses, wanted]);
      return dial(['127.0.0.1'], port);
    },
  });
  await rig.start();
  const path = await rig.sandbox('sbx_a', ['tcp://api.example.com:443', '*.example.org:8443']);
  const client = await tunnelTo(path, 'api.example.com:443');
  client.end('ping');
  expect(await textOf(client)).toBe('ping');
  expect(dialled).toEqual([[[PUBLIC], 443]]);
  expect(await exchange(path, connectRequest('inside.example.org:8443'))).toMatch(
    /^HTTP\/1\.1 403 [^]*Daypass: inside\.example\.org leads to an address that is not public\n$/,
  );
  expect(await exchange(path, connectRequest('api.example.com:80'))).toMatch(
    /^HTTP\/1\.1 403 [^]*Daypass: api\.example\.com:80 is not in this session's network\.allow\n$/,
  );
  expect(dialled).toHaveLength(1);
  expect((await rig.decisions('sbx_a')).map(({ verdict }) => verdict)).toEqual(['allowed', 'refused', 'refused']);
});

it('lets go of a client that was refused, whether it hangs up or not', async () => {
  const { rig } = await rigFor(echo);
  const client = await connectTo(await rig.sandbox('sbx_a'));
  client.write(connectRequest('example.com:443'));
  client.resume();
  await untilOver(client);
  // This side stays open and goes on to write, for as long as the gateway puts up with it.
  const cut = await eventually(() => (client.write('still here'), client.destroyed), Boolean);
  expect(cut).toBe(true);
});

it('forwards a plain HTTP request without its hop-by-hop headers, and its body', async () => {
  const port = await serve(
    createHttpServer((req, res) => {
      void textOf(req).then((body) =>
        res.setHeader('Connection', 'close').end(JSON.stringify([req.method, req.url, req.headers, body])),
      );
    }),
  );
  const rig = await gatewayRig({ repoPort: port });
  await rig.start();
  const path = await rig.sandbox('sbx_a');
  const host = `127.0.0.1:${port}`;
  const head = `Host: other\r\nProxy-Authorization: x\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\nX-Keep: 2\r\n`;
  const answer = await exchange(
    path,
    `GET http://${host}/a?b=c HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  const [method, url, headers, body] = JSON.parse(/\[.*\]/.exec(answer)?.[0] ?? '') as [string, string, object, string];
  expect([method, url, body]).toEqual(['GET', '/a?b=c', 'body']);
  expect(headers).toEqual({ host, 'x-keep': '2', connection: 'close', 'transfer-encoding': 'chunked' });
  expect(await exchange(path, 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 403 [^]*example\.com:80 is not in this session's network\.allow/,
  );
});

it('answers one request a connection, however many a client sends at once', async () => {
  let asked = 0;
  const port = await serve(createHttpServer((_req, res) => res.end(String(++asked))));
  const rig = await gatewayRig({ repoPort: port });
  await rig.start();
  const request = `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`;
  const answer = await exchange(await rig.sandbox('sbx_a'), request.repeat(100));
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(asked).toBe(1);
});

it.each(['HTTP/1.1 099 X\r\n\r\n', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'])(
  'outlives a host that answers %j, and tells the client',
  async (strange) => {
    const { rig, port } = await rigFor((socket) => void socket.once('data', () => socket.end(strange)));
    const path = await rig.sandbox('sbx_a');
    const request = `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await exchange(path, request)).toMatch(/^HTTP\/1\.1 502 /);
    expect(await exchange(path, request)).toMatch(/^HTTP\/1\.1 502 /);
  },
);

it('answers 400 to what it cannot read and 502 when nobody is there', async () => {
  const server = await rawServer(echo);
  const rig = await gatewayRig({ repoPort: server, dial: () => Promise.reject(new Error('no route')) });
  await rig.start();
  const path = await rig.sandbox('sbx_a');
  const host = `127.0.0.1:${server}`;
  for (const malformed of [
    '\x16\x03\x01 no HTTP\r\n\r\n',
    'CONNECT nowhere HTTP/1.1\r\nHost: x\r\n\r\n',
    'CONNECT a:99999 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET https://a/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    `GET http://user:word@${host}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    `GET http://${host}/ HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  ]) {
    expect(await exchange(path, malformed)).toMatch(/^HTTP\/1\.1 400 [^]*Daypass: /);
  }
  expect(await exchange(path, connectRequest(host))).toMatch(/^HTTP\/1\.1 502 [^]*does not answer/);
  expect(await exchange(path, `GET http://${host}/ HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 502 /);
});

it('serves the same directories again after a restart, over what a killed process left', async () => {
  const { rig, port } = await rigFor(echo);
  const path = await rig.sandbox('sbx_a');
  const { ino } = await stat(dirname(path));
  await rig.stop();
  await writeFile(path, 'left behind');
  await rig.start();
  const client = await tunnelTo(path, `127.0.0.1:${port}`);
  client.end('again');
  expect(await textOf(client)).toBe('again');
  expect((await stat(dirname(path))).ino).toBe(ino);
});

it('cuts every connection with the policy, half-closed ones too, and leaves nothing', async () => {
  const upstreams: Socket[] = [];
  const { rig, port } = await rigFor((socket) => {
    upstreams.push(socket);
    socket.resume();
  });
  const path = await rig.sandbox('sbx_a');
  const other = await rig.sandbox('sbx_b');
  const open = await tunnelTo(path, `127.0.0.1:${port}`);
  const halfClosed = await tunnelTo(path, `127.0.0.1:${port}`);
  halfClosed.end('last words');
  await eventually(
    () => upstreams.filter((socket) => socket.readableEnded).length,
    (ended) => ended === 1,
  );
  open.resume();
  halfClosed.resume();
  await closeGateway({ runDir: rig.runDir, sandboxId: 'sbx_a' });
  await closeGateway({ runDir: rig.runDir, sandboxId: 'sbx_a' });
  await eventually(() => [open, halfClosed].every((socket) => socket.readableEnded || socket.destroyed), Boolean);
  for (const upstream of upstreams) upstream.write('x');
  await eventually(() => {
    for (const upstream of upstreams) if (upstream.writable) upstream.write('x');
    return upstreams.every((socket) => socket.destroyed);
  }, Boolean);
  expect(await gone(dirname(path))).toBe(true);
  expect(await gone(other)).toBe(false);
  expect(await listGateways(rig.runDir)).toEqual(['sbx_b']);
});

it('follows a changed policy, and gives a broken one no socket until it is mended', async () => {
  const rig = await gatewayRig({
    repoPort: 1,
    resolve: async () => [PUBLIC],
    dial: () => Promise.reject(new Error('unreachable')),
  });
  await rig.start();
  const path = await rig.sandbox('sbx_a');
  const ask = () => exchange(path, connectRequest('api.example.com:443'));
  expect(await ask()).toMatch(/^HTTP\/1\.1 403/);
  await rig.sandbox('sbx_a', ['api.example.com']);
  await eventually(ask, (answer) => answer.startsWith('HTTP/1.1 502'));
  await writeFile(join(rig.runDir, 'policies/sbx_a.json'), '{"sandboxId":"sbx_b","sessionId":"x","allow":[]}');
  await eventually(() => gone(path), Boolean);
  await eventually(
    () => rig.log.filter(({ level }) => level >= 50).length,
    (errors) => errors > 0,
  );
  await rig.sandbox('sbx_a', ['api.example.com']);
  expect(await ask()).toMatch(/^HTTP\/1\.1 502/);
  expect(rig.log.filter(({ level }) => level >= 50).length).toBeLessThanOrEqual(2);
});

it.each([
  ['of a version that it does not know', '{"version":2,"sandboxId":"sbx_a","sessionId":"x","allow":[]}'],
  ['with a part that it does not know', '{"version":1,"sandboxId":"sbx_a","sessionId":"x","allow":[],"more":1}'],
  ['with a rule that is none', '{"version":1,"sandboxId":"sbx_a","sessionId":"x","allow":["10.0.0.1"]}'],
  ['that is torn', '{"version":1,"sandboxId":"sbx_a"'],
  ['that is empty', ''],
  ['that is longer than any', `{"sandboxId":"sbx_a","sessionId":"x","allow":[]}${' '.repeat(1024 ** 2)}`],
])('gives a policy %s no way out, and cuts what is open and says so', async (_what, text) => {
  const { rig, port } = await rigFor(echo);
  const path = await rig.sandbox('sbx_a');
  const client = await tunnelTo(path, `127.0.0.1:${port}`);
  await writeFile(join(rig.runDir, 'policies/sbx_a.json'), text);
  client.resume();
  await eventually(() => client.destroyed || client.readableEnded, Boolean);
  expect(await eventually(() => gone(path), Boolean)).toBe(true);
  const reason = 'the rules of this session cannot be read';
  await eventually(
    () => rig.decisions('sbx_a'),
    (found) => found.some((decision) => decision.verdict === 'cut' && decision.reason === reason),
  );
});

it('makes a socket later when it cannot be made at once', async () => {
  const { rig } = await rigFor(echo);
  const file = join(rig.runDir, 'policies/sbx_a.json');
  await writeFile(file, JSON.stringify({ sandboxId: 'sbx_a', sessionId: 'ses_a', allow: [] }));
  await eventually(() => rig.log.some(({ msg }) => msg.includes('tried again')), Boolean);
  await mkdir(join(rig.runDir, 'gateways/sbx_a'));
  await mkdir(join(rig.runDir, 'decisions/sbx_a'), { recursive: true });
  await expect(gatewayReady(join(rig.runDir, 'gateways/sbx_a'), 8_000)).resolves.toBeUndefined();
});

it('lets the sandbox in and other users of the machine not, whatever the umask', async () => {
  const umask = process.umask(0o077);
  try {
    const { rig } = await rigFor(echo);
    const path = await rig.sandbox('sbx_a');
    const mode = async (file: string) => (await stat(file)).mode & 0o777;
    await eventually(
      () => mode(path),
      (socket) => (socket & 0o666) === 0o666,
    );
    expect(await mode(join(rig.runDir, 'gateways'))).toBe(0o700);
    expect(await mode(join(rig.runDir, 'policies'))).toBe(0o700);
    expect(await readdir(join(rig.runDir, 'policies'))).toEqual(['sbx_a.json']);
  } finally {
    process.umask(umask);
  }
});

it('says that the gateway does not run when no socket comes', async () => {
  const rig = await gatewayRig({ repoPort: 1 });
  const dir = await placePolicy(rig.runDir, { sandboxId: 'sbx_a', sessionId: 'ses_a', allow: [] });
  await expect(gatewayReady(dir, 50)).rejects.toThrow(/is it running\?/);
});

it('moves 100 MB to a slow reader without keeping them', async () => {
  const total = 100 * 1024 * 1024;
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  const { rig, port } = await rigFor((socket) => {
    const more = (): void => {
      while (sent < total) {
        sent += chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', more);
      }
      socket.end();
    };
    more();
  });
  const client = await tunnelTo(await rig.sandbox('sbx_a'), `127.0.0.1:${port}`);
  // The sender gets as far as the buffers of the system and stops there until somebody reads.
  let earlier = -1;
  const stoppedAt = await eventually(
    () => sent,
    (now) => now === earlier || ((earlier = now), false),
    { everyMs: 300 },
  );
  expect(stoppedAt).toBeLessThan(30 * chunk.length);
  let received = 0;
  for await (const piece of client) received += (piece as Buffer).length;
  expect(received).toBe(total);
});
