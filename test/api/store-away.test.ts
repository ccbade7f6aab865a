import { afterAll, beforeAll, expect, test } from 'vitest';
import { keys } from '../../src/store/keys.ts';
import { connectRedis, redisReady } from '../../src/store/redis.ts';
import { apiClient } from '../support/api-client.ts';
import { startTestApi } from '../support/api.ts';
import { putSession } from '../support/api-rig.ts';
import { eventually } from '../support/eventually.ts';
import { pretendMinter } from '../support/minter-facts.ts';
import { REPO_A } from '../support/records.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { openSse } from '../support/sse-client.ts';

let store: TestRedis;

beforeAll(async () => {
  store = await startTestRedis();
  await pretendMinter(store.url);
});
afterAll(async () => {
  await store?.stop();
});

/** The same for both, so that the second sees the first one's Idempotency-Key as its own. */
const KEYS = { test: 'dp_0123456789abcdef0123456789abcdef' };
const START = { body: { repos: [{ id: REPO_A }] }, headers: { 'idempotency-key': 'through the outage' } };

test('an API started without Redis answers 503 to everything but /healthz, and serves once Redis is there', async () => {
  await store.kill();
  await using api = await startTestApi({ redisUrl: store.url, keys: KEYS });
  const call = apiClient(api);
  expect((await call('GET', '/healthz')).status).toBe(200);
  expect(await call('GET', '/readyz')).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(await call('POST', '/v1/sessions', START)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect((await call('GET', '/v1/stats')).status).toBe(503);
  expect((await call('GET', '/v1/events')).status).toBe(503);
  expect((await call('GET', '/metrics')).body).toContain('daypass_store_up 0');
  await store.restart();
  await eventually(
    () => call('GET', '/readyz'),
    ({ status }) => status === 200,
  );
  expect((await call('POST', '/v1/sessions', START)).status).toBe(201);
});

test('Redis going away leaves nothing half done, and streams go on when it is back', async () => {
  await using api = await startTestApi({ redisUrl: store.url, keys: KEYS });
  const call = apiClient(api);
  await eventually(
    () => call('GET', '/readyz'),
    ({ status }) => status === 200,
  );
  using stream = await openSse(`${api.url}/v1/events`, { authorization: `Bearer ${api.key}` });
  await store.kill();
  const replies = await Promise.all(Array.from({ length: 5 }, () => call('POST', '/v1/sessions', START)));
  expect(replies.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
  await store.restart();
  const back = await eventually(
    () => call('POST', '/v1/sessions', START),
    ({ status }) => status !== 503,
  );
  expect(back.status).toBe(201);
  const redis = connectRedis(store.url);
  try {
    await redisReady(redis, 5_000);
    expect(await redis.zcard(keys.sessions)).toBe(1);
    await putSession(redis, { id: 'ses_after' });
    expect((await stream.next())?.data).toMatchObject({ sessionId: 'ses_after' });
  } finally {
    redis.disconnect();
  }
});

test('a Redis that is full is called full, and serves again when it has room', async () => {
  await using api = await startTestApi({ redisUrl: store.url, keys: KEYS });
  const call = apiClient(api);
  await eventually(
    () => call('GET', '/readyz'),
    ({ status }) => status === 200,
  );
  const redis = connectRedis(store.url);
  await redisReady(redis, 5_000);
  await redis.config('SET', 'maxmemory', '1');
  const full = await call('POST', '/v1/sessions', { body: { repos: [{ id: REPO_A }] } });
  expect(full).toMatchObject({ status: 503, body: { code: 'unavailable', detail: expect.stringMatching(/is full/) } });
  await redis.config('SET', 'maxmemory', '0');
  expect((await call('POST', '/v1/sessions', { body: { repos: [{ id: REPO_A }] } })).status).toBe(201);
  redis.disconnect();
});
