import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { putSession } from '../support/api-rig.ts';
import { pretendMinter } from '../support/minter-facts.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { connectRedis, redisReady } from '../../src/store/redis.ts';
import { startTestRedis } from '../support/redis.ts';
import { dialUrl, sendTinyChunks, watchBeside } from '../support/tiny-chunks.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const KEY = 'dp_0123456789abcdef';
const CONNECTIONS = 64;
const MAX_API_MB = 300;
/** A fraction of a second on a machine of one's own. */
const MAX_BESIDE_MS = 10_000;

let api: TestProcess;
let url: string;
let sessionId: string;
const cleanup = new AsyncDisposableStack();

beforeAll(async () => {
  const store = await startTestRedis();
  cleanup.defer(() => store.stop());
  const redis = connectRedis(store.url);
  await redisReady(redis, 5_000);
  sessionId = (await putSession(redis, { status: 'running' })).session.id;
  redis.disconnect();
  await pretendMinter(store.url);
  const settings = { DAYPASS_REDIS_URL: store.url, DAYPASS_API_KEYS: `me:${KEY}`, DAYPASS_API_LISTEN: '127.0.0.1:0' };
  api = await startProcess(MAIN, { PATH: process.env['PATH'] ?? '', ...settings }, 'api ready');
  cleanup.defer(() => api.end('SIGKILL'));
  const ready = api.lines().find((line) => line.includes('api ready')) ?? '';
  url = (JSON.parse(ready) as { url: string }).url;
});
afterAll(() => cleanup.disposeAsync());

test.each([
  ['a call that reads a body', 'POST', () => '/v1/sessions', true],
  ['an answer that goes on', 'GET', () => `/v1/sessions/${sessionId}/logs?follow=true`, true],
  ['a call that reads none', 'GET', () => '/v1/sessions', true],
  ['a call without a key', 'POST', () => '/v1/sessions', false],
  ['a page, asked for without a key', 'GET', () => '/', false],
  ['nothing, asked for without a key', 'POST', () => '/', false],
])(
  '%s with bodies in chunks of a byte takes little memory, and a call beside is answered',
  async (_what, method, path, hasKey) => {
    const head = [`${method} ${path()} HTTP/1.1`, 'Host: 127.0.0.1', 'Content-Type: application/json'];
    if (hasKey) head.push(`Authorization: Bearer ${KEY}`);
    const beside = async (): Promise<void> => {
      const headers = { authorization: `Bearer ${KEY}`, connection: 'close' };
      const answer = await fetch(`${url}/v1/sessions?limit=1`, { headers });
      // What the attacker's calls use up of the key's own share is told so.
      if (![200, 429].includes(answer.status)) throw new Error(`a call beside it was answered ${answer.status}`);
    };
    let answers: string[] = [];
    const seen = await watchBeside(api.pid, beside, async () => {
      answers = await sendTinyChunks(() => dialUrl(url), head.join('\r\n'), CONNECTIONS);
    });
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 (200|302|303|4)|^$/);
    expect(seen.peakMb).toBeLessThan(MAX_API_MB);
    expect(seen.longestMs).toBeLessThan(MAX_BESIDE_MS);
  },
  120_000,
);
