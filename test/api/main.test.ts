import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchForCrash, type WatchedProcess } from '../support/crashes.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { openSse } from '../support/sse-client.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const KEY = 'dp_0123456789abcdef';

let store: TestRedis;
let child: ChildProcess | null = null;
let watched: WatchedProcess | null = null;

beforeEach(async () => {
  store = await startTestRedis();
});
afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = null;
  await store.stop();
});

function start(settings: Record<string, string>): ChildProcess {
  child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], DAYPASS_API_LISTEN: '127.0.0.1:0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  watched = watchForCrash(child, MAIN);
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', watched.heard);
  return child;
}

async function readyUrl({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The process has no standard output');
  for await (const line of createInterface({ input: stdout })) {
    const entry = JSON.parse(line) as { msg: string; url: string };
    if (entry.msg !== 'api ready') continue;
    watched?.ready();
    return entry.url;
  }
  throw new Error('The process ended before it was ready');
}

test('the process says where it listens, and ends in order on SIGTERM, with streams open', async () => {
  const api = start({ DAYPASS_REDIS_URL: store.url, DAYPASS_API_KEYS: `me:${KEY}` });
  const url = await readyUrl(api);
  using stream = await openSse(`${url}/v1/events`, { authorization: `Bearer ${KEY}` });
  const over = stream.next().catch(() => null);
  api.kill('SIGTERM');
  const [code] = (await once(api, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(await over).toBeNull();
});

test('without its settings it starts nothing and names every one that is missing', async () => {
  const api = start({});
  let said = '';
  api.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(api, 'close')) as [number | null];
  expect(code).not.toBe(0);
  expect(said).toContain('DAYPASS_REDIS_URL');
  expect(said).toContain('DAYPASS_API_KEYS');
});
