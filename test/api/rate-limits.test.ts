import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventsOf } from '../../src/store/events.ts';
import { networkOf } from '../../src/api/audit-trail.ts';
import { makeKey } from '../support/api-keys.ts';
import { moveSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { REPO_A } from '../support/records.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig({}, { trustedProxies: ['127.0.0.1'] });
});
afterAll(async () => {
  await rig?.close();
});

const start = (key: string, headers: Record<string, string> = {}) =>
  rig.call('POST', '/v1/sessions', { key, headers, body: { repos: [{ id: REPO_A }] } });

test('calls of a key beyond its rate are answered 429 with when to come again, and those of another are served', async () => {
  const [busy, calm] = [await makeKey(rig, { limits: { requestsPerMinute: 3 } }), await makeKey(rig)];
  const call = () => rig.call('GET', '/v1/sessions', { key: busy.key });
  const served = await call();
  expect(served.headers.get('ratelimit-policy')).toBe('"requests";q=3;w=60');
  expect(served.headers.get('ratelimit')).toMatch(/^"requests";r=2;t=(60|59)$/);
  await call();
  expect((await call()).headers.get('ratelimit')).toMatch(/^"requests";r=0;/);
  const refused = await call();
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
  expect((await rig.call('GET', '/v1/sessions', { key: calm.key })).status).toBe(200);
  expect((await rig.call('GET', '/v1/sessions')).headers.get('ratelimit')).toBeNull();
});

test('starts have a rate of their own; one that is repeated by its Idempotency-Key is no start', async () => {
  const { key } = await makeKey(rig, { limits: { startsPerMinute: 2 } });
  for (let i = 0; i < 4; i++) expect((await start(key, { 'idempotency-key': 'one' })).status).toBe(201);
  expect((await start(key)).status).toBe(201);
  const refused = await start(key);
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await start(key, { 'idempotency-key': 'one' })).status).toBe(201);
});

test('thirty starts at once make no more sessions than the key may have, and one that ends makes room', async () => {
  const { key } = await makeKey(rig, { limits: { sessions: 3, startsPerMinute: null } });
  const replies = await Promise.all(Array.from({ length: 30 }, () => start(key)));
  const started = replies.filter(({ status }) => status === 201).map(({ body }) => (body as { id: string }).id);
  expect(started).toHaveLength(3);
  for (const reply of replies.filter(({ status }) => status !== 201)) {
    expect(reply).toMatchObject({ status: 429, body: { code: 'too_many_sessions' } });
  }
  const [first = ''] = started;
  expect(await eventsOf(rig.redis, first, '0')).toHaveLength(1);
  await moveSession(rig.redis, first, { status: 'starting' });
  expect((await start(key)).status).toBe(429);
  await moveSession(rig.redis, first, { status: 'succeeded', endedAt: new Date().toISOString() });
  expect((await start(key)).status).toBe(201);
  expect((await start(key)).status).toBe(429);
});

test('wrong keys from one address are answered 429 after a while; right ones from there, and others, are served', async () => {
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const wrong = (address: string) =>
    rig.call('GET', '/v1/sessions', { key: 'dp_obviously_wrong_key', headers: from(address) });
  const replies = [];
  for (let i = 0; i < 25; i++) replies.push(await wrong('203.0.113.7'));
  const seen = replies.map(({ status }) => status);
  expect(seen).toEqual([...Array.from({ length: 20 }, () => 401), ...Array.from({ length: 5 }, () => 429)]);
  expect(Number(replies.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await rig.call('GET', '/v1/sessions', { headers: from('203.0.113.7') })).status).toBe(200);
  expect((await wrong('203.0.113.8')).status).toBe(401);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  [null, 'unknown'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
