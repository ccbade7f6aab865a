import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { TokenBucket } from '../../src/egress/limits/token-bucket.ts';
import { eventually } from '../support/eventually.ts';
import { untilOver } from '../support/until-over.ts';
import { connectTo, exchange, gatewayRig, rawServer, serve, tunnelTo, type RigOptions } from './support/rig.ts';

const KIB = 1024;
const connectRequest = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** A gateway whose whole world is one server that answers bytes with as many. */
async function echoWorld(options: Partial<RigOptions> = {}) {
  const port = await rawServer((socket) => void socket.pipe(socket));
  const rig = await gatewayRig({
    repoPort: port,
    resolve: async () => ['93.184.216.34'],
    dial: () => dial(['127.0.0.1'], port),
    ...options,
  });
  await rig.start();
  return {
    rig,
    port,
    path: await rig.sandbox('sbx_a', ['tcp://echo.example.com:7', 'web.example.com:80', 'gone.example.com:80']),
  };
}

async function received(client: Socket): Promise<number> {
  let count = 0;
  client.on('data', (chunk: Buffer) => (count += chunk.length));
  await untilOver(client);
  return count;
}

describe('bytes', () => {
  it('end a session’s connections when they are used up, and any new one is told why', async () => {
    const { rig, path, port } = await echoWorld({ limits: { sentBytes: 1_024 * KIB } });
    const client = await tunnelTo(path, 'echo.example.com:7');
    const other = await tunnelTo(path, 'echo.example.com:7');
    client.write(Buffer.alloc(3_072 * KIB));
    expect(await received(client)).toBeLessThan(2_048 * KIB);
    expect(await exchange(path, connectRequest('echo.example.com:7'))).toMatch(
      /^HTTP\/1\.1 429 [^]*this session has sent all of the 1 MiB that it may/,
    );
    other.write('x');
    await received(other);
    const verdicts = (await rig.decisions('sbx_a')).map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === 'cut').length).toBeGreaterThan(0);
    expect(verdicts.filter((verdict) => verdict === 'refused')).toHaveLength(1);
    // What an agent has made must still reach its repo.
    const repo = await tunnelTo(path, `127.0.0.1:${port}`);
    repo.end('still here');
    expect(await received(repo)).toBe(10);
  });

  it('are counted on when the gateway was away', async () => {
    const { rig, path } = await echoWorld({ limits: { receivedBytes: 10 * KIB } });
    const client = await tunnelTo(path, 'echo.example.com:7');
    client.write(Buffer.alloc(20 * KIB));
    await received(client);
    await rig.stop();
    await rig.start();
    expect(await exchange(path, connectRequest('echo.example.com:7'))).toMatch(/^HTTP\/1\.1 429 [^]*received all/);
  });

  it('of plain HTTP count too', async () => {
    const port = await serve(createHttpServer((_req, res) => res.end(Buffer.alloc(64 * KIB))));
    const { path } = await echoWorld({ limits: { receivedBytes: 32 * KIB }, dial: () => dial(['127.0.0.1'], port) });
    const request = 'GET http://web.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n';
    expect((await exchange(path, request)).length).toBeLessThan(64 * KIB);
    expect(await exchange(path, request)).toMatch(/^HTTP\/1\.1 429/);
  });

  it('in the heads of requests count too', async () => {
    const port = await serve(createHttpServer((_req, res) => res.end('ok')));
    const { path } = await echoWorld({ limits: { sentBytes: 16 * KIB }, dial: () => dial(['127.0.0.1'], port) });
    const request = `GET http://web.example.com/ HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(9 * KIB)}\r\n\r\n`;
    expect(await exchange(path, request)).toMatch(/^HTTP\/1\.1 200/);
    expect(await exchange(path, request)).toBe('');
    expect(await exchange(path, request)).toMatch(/^HTTP\/1\.1 429 [^]*sent all/);
  });

  it('come no faster than they may, and none is lost', async () => {
    const { path } = await echoWorld({ limits: { bytesPerSecond: 256 * KIB } });
    const client = await tunnelTo(path, 'echo.example.com:7');
    const began = performance.now();
    client.end(Buffer.alloc(512 * KIB));
    expect(await received(client)).toBe(512 * KIB);
    // The first second's worth goes at once.
    expect(performance.now() - began).toBeGreaterThan(700);
  });

  it('of one sandbox do not hold up those of another', async () => {
    const { rig, path } = await echoWorld({ limits: { bytesPerSecond: 64 * KIB } });
    const greedy = await tunnelTo(path, 'echo.example.com:7');
    let greedyHas = 0;
    greedy.on('data', (chunk: Buffer) => (greedyHas += chunk.length));
    greedy.write(Buffer.alloc(4 * 1024 * KIB));
    const other = await tunnelTo(await rig.sandbox('sbx_b', ['tcp://echo.example.com:7']), 'echo.example.com:7');
    other.end(Buffer.alloc(32 * KIB));
    expect(await received(other)).toBe(32 * KIB);
    // It would have waited for all of that, which takes a minute.
    expect(greedyHas).toBeLessThan(2 * 1024 * KIB);
  });
});

describe('connections', () => {
  it('beyond the limit are told so, and those beyond even that are closed; all of it is written down', async () => {
    const { rig, path } = await echoWorld({ limits: { connections: 2 } });
    const first = await tunnelTo(path, 'echo.example.com:7');
    await tunnelTo(path, 'echo.example.com:7');
    expect(await exchange(path, connectRequest('echo.example.com:7'))).toMatch(
      /^HTTP\/1\.1 429 [^]*more than 2 connections/,
    );
    const crowd = await Promise.all(Array.from({ length: 60 }, () => connectTo(path)));
    await eventually(
      () => crowd.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length,
      (count) => (crowd.forEach((one) => one.resume()), count >= 26),
    );
    for (const one of crowd) one.destroy();
    first.destroy();
    await eventually(
      () => exchange(path, connectRequest('other.example.com:7')),
      (answer) => answer.startsWith('HTTP/1.1 403'),
    );
    const reasons = (await rig.decisions('sbx_a')).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason?.includes('more than 2 connections')).length).toBeGreaterThan(20);
  });

  it('that come too fast wait, and when that would take too long are refused', async () => {
    const { path } = await echoWorld({ limits: { connectionsPerSecond: 10 } });
    const began = performance.now();
    const ask = () => exchange(path, connectRequest('other.example.com:7'));
    const answers = await Promise.all(Array.from({ length: 60 }, ask));
    expect(answers.every((answer) => answer.startsWith('HTTP/1.1 403'))).toBe(true);
    // Forty at once, and twenty more at ten a second.
    expect(performance.now() - began).toBeGreaterThan(1_500);
    const late = await Promise.all(Array.from({ length: 100 }, ask));
    expect(late.filter((answer) => answer.includes('more than 10 connections a second')).length).toBeGreaterThan(10);
  });
});

describe('a client that hangs up while it waits', () => {
  /** Of these, two come at once and each of the others waits for two seconds more; the third that waits would wait too long. */
  const limits = { connectionsPerSecond: 0.5 };
  const ASKING = {
    'a tunnel': (host: string) => connectRequest(`${host}:80`),
    'plain HTTP': (host: string) => `GET http://${host}/ HTTP/1.1\r\nHost: x\r\n\r\n`,
  };

  it.each(Object.entries(ASKING))(
    'for %s takes no turn from the next one, and nothing is done for it',
    async (_, ask) => {
      const asked: string[] = [];
      const { path } = await echoWorld({ limits, resolve: async (host) => (asked.push(host), ['127.0.0.1']) });
      const answers = (host: string) => exchange(path, ask(host));
      for (let i = 0; i < 2; i++) expect(await answers('web.example.com')).toMatch(/^HTTP\/1\.1 403/);
      for (let i = 0; i < 2; i++) {
        const leaving = await connectTo(path);
        leaving.end(ask('gone.example.com'));
        await untilOver(leaving.resume());
      }
      expect(await answers('web.example.com')).toMatch(/^HTTP\/1\.1 403/);
      expect(new Set(asked)).toEqual(new Set(['web.example.com']));
    },
  );
});

describe('a bucket', () => {
  it('gives a burst, then its rate, and no more for a clock that stands still or goes back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 20 }, 0);
    expect(bucket.take(20, 0)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, -1_000)).toBe(200);
    expect(bucket.take(0, 0)).toBe(200);
    expect(bucket.take(20, 10_000_000)).toBe(0);
    expect(bucket.take(10, 10_000_000)).toBe(1_000);
  });
});
