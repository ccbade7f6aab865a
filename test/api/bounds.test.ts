import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { gzipSync } from 'node:zlib';
import { startTestApi } from '../support/api.ts';
import { makeKey } from '../support/api-keys.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { eventually } from '../support/eventually.ts';
import { appendLog } from '../support/logs.ts';
import { aSession, REPO_A } from '../support/records.ts';
import { openSse, type SseClient } from '../support/sse-client.ts';

const BOUNDS = {
  connections: 20,
  headersTimeoutMs: 1_000,
  requestTimeoutMs: 2_000,
  streams: 4,
  streamsPerKey: 2,
  callsPerKey: 3,
  unreadMs: 1_000,
  stillMs: 2_500,
};

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig({}, { bounds: BOUNDS });
});
afterAll(async () => {
  await rig?.close();
});
// Whatever was refused: the API goes on.
afterEach(async () => {
  await eventually(
    () => rig.call('GET', '/v1/sessions').catch(() => ({ status: 0 })),
    ({ status }) => status === 200,
  );
});

const START = '/v1/sessions';
const body = { repos: [{ id: REPO_A }] };

/** A connection on which bytes are written by hand. */
async function dial(to = rig.api.url): Promise<{ socket: Socket; said: () => string; closed: Promise<void> }> {
  const { hostname, port } = new URL(to);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  // Not by `once`, which rejects at an error: whoever is cut off while it writes sees one.
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  await once(socket, 'connect');
  return { socket, said: () => Buffer.concat(chunks).toString(), closed };
}

describe('a body', () => {
  test.each([
    ['of a thousand levels', `{"env":${'['.repeat(1_000)}${']'.repeat(1_000)}}`, 'deeper than 32 levels'],
    ['of half a million levels', `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 'deeper than 32 levels'],
    ['of a hundred thousand items', `[${'0,'.repeat(100_000)}0]`, 'more than 20000'],
    ['with __proto__', '{"__proto__":{"repos":[]}}', '__proto__'],
    ['with __proto__ further down', `{"repos":[{"id":"${REPO_A}","__proto__":{"path":"x"}}]}`, '__proto__'],
    ['with an escaped __proto__', '{"env":{"\\u005f_proto__":"x"}}', '__proto__'],
  ])('%s is answered 422', async (_what, raw, reason) => {
    const reply = await rig.call('POST', START, { raw });
    expect(reply).toMatchObject({ status: 422, body: { errors: [{ message: expect.stringContaining(reason) }] } });
  });

  test('with two fields of one name is read by the last, and that is checked', async () => {
    const twice = (first: string, last: string) => `{"repos":[{"id":"${REPO_A}","path":"${first}","path":"${last}"}]}`;
    const reply = await rig.call('POST', START, { raw: twice('../x', 'app') });
    expect(reply).toMatchObject({ status: 201, body: { repos: [{ path: 'app' }] } });
    expect((await rig.call('POST', START, { raw: twice('app', '../x') })).status).toBe(422);
  });

  test('with "constructor" or "toString" is like any with an unknown field', async () => {
    for (const field of ['constructor', 'toString', 'hasOwnProperty']) {
      const reply = await rig.call('POST', START, { body: { ...body, [field]: {} } });
      expect(reply).toMatchObject({ status: 422, body: { errors: [{ path: field }] } });
      expect((await rig.call('GET', `${START}?${field}=x`)).status).toBe(422);
    }
    expect((await rig.call('GET', `${START}?__proto__=x`)).status).toBe(422);
    expect((await rig.call('GET', `${START}?metadata.__proto__=x`)).body).toEqual({ data: [], nextCursor: null });
  });

  test('that unpacks to more than a body may have is answered 413', async () => {
    const { status } = await fetch(rig.api.url + START, {
      method: 'POST',
      headers: { ...rig.authorization, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(50_000_000, ' ')),
    });
    expect(status).toBe(413);
  });
});

describe('the head of a request', () => {
  test('with a URL over 8 KiB is answered 414', async () => {
    const reply = await rig.call('GET', `${START}?cursor=${'x'.repeat(9_000)}`);
    expect(reply).toMatchObject({ status: 414, body: { code: 'uri_too_long' } });
  });

  test('with more than a hundred headers is answered 431, and none of them is dropped in silence', async () => {
    const headers = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-h${i}`, 'x']));
    expect(await rig.call('GET', START, { headers })).toMatchObject({
      status: 431,
      body: { code: 'headers_too_large' },
    });
  });

  test('with more than 16 KiB is answered 431', async () => {
    expect((await rig.call('GET', START, { headers: { 'x-large': 'x'.repeat(20_000) } })).status).toBe(431);
  });

  test('with more than 64 parameters, or more filters than metadata can have, is answered 422', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `metadata.k${i}=v`).join('&');
    expect((await rig.call('GET', `${START}?${many(1_000).slice(0, 8_000)}`)).status).toBe(422);
    expect((await rig.call('GET', `${START}?${many(40)}`)).status).toBe(422);
    expect((await rig.call('GET', `${START}?${many(32)}`)).status).toBe(200);
  });

  test('with an Idempotency-Key over 255 characters is answered 422', async () => {
    const headers = { 'idempotency-key': 'k'.repeat(256) };
    expect(await rig.call('POST', START, { body, headers })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'Idempotency-Key' }] },
    });
  });

  test.each([`limit=201`, 'limit=-1', 'limit=1e2', `cursor=${'A'.repeat(300)}`, 'cursor=W10', 'cursor=%00'])(
    'with %s of a list is answered 422',
    async (query) => {
      for (const path of ['/v1/sessions', '/v1/tokens', '/v1/api-keys', '/v1/audit']) {
        expect((await rig.call('GET', `${path}?${query}`)).status).toBe(422);
      }
    },
  );
});

/** A client that writes into a closed connection may be told of that before it has read what was said. */
const REFUSED_OR_CUT = /^(HTTP\/1\.1 4|$)/;

test.each(['http://%zz', 'http://[', 'http://a:b@c:99999999'])(
  'a request target that begins with %s is no fault of ours',
  async (origin) => {
    const { socket, said, closed } = await dial();
    const { authorization } = rig.authorization;
    const head = `GET ${origin}${START}?limit=1 HTTP/1.1`;
    socket.write(`${head}\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`);
    await closed;
    expect(said()).toMatch(/^HTTP\/1\.1 (200|4)/);
  },
);

test.each([
  ['/login', 'before anybody has logged in', false, `Content-Length: ${2 ** 30}`],
  ['/login', 'before anybody has logged in', false, 'Transfer-Encoding: chunked'],
  [START, 'with a key', true, `Content-Length: ${2 ** 30}`],
  [START, 'with a key', true, 'Transfer-Encoding: chunked'],
  [START, 'without a key', false, `Content-Length: ${2 ** 30}`],
])(
  'a body for %s that goes on and on, %s, is not read on behind the answer: %#',
  async (path, _who, hasKey, length) => {
    const { socket, said, closed } = await dial();
    const head = ['Host: 127.0.0.1', 'Content-Type: application/json', length];
    if (hasKey) head.push(`Authorization: ${rig.authorization.authorization}`);
    socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(64 * 1024)}\r\n`);
    const send = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', send);
    send();
    await closed;
    expect(said()).toMatch(/^(HTTP\/1\.1 4|$)/);
    // What is dropped, what comes until that is seen, and what the kernel holds on both sides.
    expect(socket.bytesWritten - socket.writableLength).toBeLessThan(128 * 1024 ** 2);
  },
);

describe('a client that takes its time', () => {
  test('with its headers is cut off', async () => {
    const { socket, said, closed } = await dial();
    socket.write('GET /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const drip = setInterval(() => socket.write('x-slow: 1\r\n'), 100);
    await closed;
    clearInterval(drip);
    expect(said()).toMatch(REFUSED_OR_CUT);
  });

  test('to say anything at all is cut off', async () => {
    const { said, closed } = await dial();
    await closed;
    expect(said()).toMatch(REFUSED_OR_CUT);
  });

  test('with its body is cut off, and nothing was started', async () => {
    const before = (await rig.call('GET', START)).body;
    const { socket, said, closed } = await dial();
    const head = [
      'POST /v1/sessions HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: ${rig.authorization.authorization}`,
      'Content-Type: application/json',
      'Content-Length: 1000',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n{"repos":`);
    const drip = setInterval(() => socket.write(' '), 100);
    await closed;
    clearInterval(drip);
    expect(said()).toMatch(REFUSED_OR_CUT);
    expect((await rig.call('GET', START)).body).toEqual(before);
  });
});

test('connections beyond the bound are closed as they come', async () => {
  // Nothing else closes one here.
  const patient = { headersTimeoutMs: 120_000, requestTimeoutMs: 120_000, stillMs: 120_000 };
  await using api = await startTestApi({ redisUrl: rig.store.url, bounds: { ...BOUNDS, ...patient } });
  const open = await Promise.all(Array.from({ length: BOUNDS.connections }, () => dial(api.url)));
  const one = await dial(api.url);
  await one.closed;
  expect(one.said()).toBe('');
  for (const { socket } of open) socket.destroy();
});

test('one key has its share of streams, all have theirs, and a client that leaves makes room', async () => {
  const [a, b, c] = await Promise.all([makeKey(rig), makeKey(rig), makeKey(rig)]);
  const open = (key: string): Promise<SseClient> =>
    openSse(`${rig.api.url}/v1/events`, { authorization: `Bearer ${key}` });
  const first = await open(a.key);
  using streams = new DisposableStack();
  streams.use(await open(a.key));
  expect(await rig.call('GET', '/v1/events', { key: a.key })).toMatchObject({
    status: 429,
    body: { code: 'too_many_streams' },
  });
  streams.use(await open(b.key));
  streams.use(await open(b.key));
  expect((await rig.call('GET', '/v1/events', { key: c.key })).status).toBe(503);
  first[Symbol.dispose]();
  const last = await eventually(
    () => open(c.key).catch(() => null),
    (stream) => stream !== null,
  );
  streams.use(last);
});

test('a client that asks for lists again and again on one connection and reads none of them is cut', async () => {
  const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`k${i}`, 'x'.repeat(512)]));
  const { request } = aSession();
  for (let i = 0; i < 100; i++) await putSession(rig.redis, { request: { ...request, metadata } });
  const before = process.memoryUsage().rss;
  const { socket, closed } = await dial();
  socket.pause();
  const ask = `GET /v1/sessions?limit=100 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${rig.authorization.authorization}\r\n\r\n`;
  socket.write(ask.repeat(100));
  await sleep(500);
  socket.resume();
  await closed;
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
});

test('a key whose answers nobody reads has few of them at once, and they are cut in the end', async () => {
  const { id, key } = await makeKey(rig);
  const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`k${i}`, 'x'.repeat(512)]));
  const { request } = aSession();
  for (let i = 0; i < 200; i++) await putSession(rig.redis, { keyId: id, request: { ...request, metadata } });
  const ask = `GET /v1/sessions?limit=200 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n\r\n`;
  const dials = await Promise.all(Array.from({ length: BOUNDS.callsPerKey }, () => dial()));
  // One answer may be all in the kernel's hands; of three on a connection, one is left to wait.
  for (let round = 0; round < 3; round++) {
    for (const { socket } of dials) socket.pause().write(ask);
    await sleep(300);
  }
  const refused = await eventually(
    () => rig.call('GET', '/v1/sessions?limit=1', { key }),
    ({ status }) => status === 429,
  );
  expect(refused.body).toMatchObject({ code: 'rate_limited', detail: expect.stringContaining('calls under way') });
  const served = await eventually(
    () => rig.call('GET', '/v1/sessions?limit=1', { key }),
    ({ status }) => status === 200,
  );
  expect(served.status).toBe(200);
  for (const { socket } of dials) socket.destroy();
});

const text = 'x'.repeat(60_000);

test('a client that does not read what it asked for is cut, and costs no memory meanwhile', async () => {
  const { session } = await putSession(rig.redis, { status: 'succeeded', endedAt: new Date().toISOString() });
  const time = new Date().toISOString();
  for (let from = 1; from <= 1_000; from += 100) {
    const records = Array.from({ length: 100 }, (_, i) => ({
      id: `${from + i}`,
      time,
      stream: 'stdout' as const,
      text,
    }));
    await appendLog(rig, session.id, records);
  }
  const before = process.memoryUsage().rss;
  const { socket, closed } = await dial();
  socket.pause();
  socket.write(
    `GET /v1/sessions/${session.id}/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${rig.authorization.authorization}\r\n\r\n`,
  );
  await sleep(500);
  expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
  await sleep(BOUNDS.unreadMs + 500);
  socket.resume();
  await closed;
  expect(socket.bytesRead).toBeLessThan(30_000_000);
  const whole = await rig.call('GET', `/v1/sessions/${session.id}/logs`);
  expect((whole.body as string).length).toBeGreaterThan(60_000_000);
});
