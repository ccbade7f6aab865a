import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WireAuditRecord } from '../../src/api/schemas/audit.ts';
import { keys } from '../../src/store/keys.ts';
import { makeKey } from '../support/api-keys.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { REPO_A } from '../support/records.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig({}, { trustedProxies: ['127.0.0.1'], keep: { auditMs: 3_600_000 } });
});
afterAll(async () => {
  await rig?.close();
});

async function audit(query: Record<string, string> = {}): Promise<WireAuditRecord[]> {
  const { body } = await rig.call('GET', `/v1/audit?${new URLSearchParams({ limit: '200', ...query }).toString()}`);
  return (body as { data: WireAuditRecord[] }).data;
}

const lines = (records: WireAuditRecord[]): string[] => records.map(({ action, outcome }) => `${action} ${outcome}`);

test('everything that a key does to its sessions is told, with from where, about what, and what came of it', async () => {
  const { id: keyId, key } = await makeKey(rig, { name: 'backend' });
  const call = (method: string, path: string, body?: unknown) =>
    rig.call(method, path, { key, body, headers: { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'mine-7' } });
  const started = await call('POST', '/v1/sessions', { repos: [{ id: REPO_A }], metadata: { task: 'hidden' } });
  const { id } = started.body as { id: string };
  const path = `/v1/sessions/${id}`;
  await call('POST', `${path}/extend`, { timeoutSeconds: 60 });
  await call('DELETE', path);
  await call('POST', `${path}/stop`, {});
  await call('POST', `${path}/stop`, {});
  await call('DELETE', path);
  await call('POST', '/v1/sessions', { repos: [{ id: REPO_A }], image: 'ubuntu' });
  await call('POST', '/v1/api-keys', { name: 'x', scopes: ['operate'] });
  const told = (await audit({ keyId })).toReversed();
  expect(lines(told)).toEqual([
    'api_key.create ok',
    'session.start ok',
    'session.extend ok',
    'session.delete session_not_ended',
    'session.stop ok',
    'session.stop unchanged',
    'session.delete ok',
    'session.start image_not_allowed',
    'api_key.create scope_missing',
  ]);
  expect(told[1]).toEqual({
    id: expect.stringMatching(/^\d+-\d+$/),
    time: expect.any(String),
    action: 'session.start',
    outcome: 'ok',
    keyId,
    keyName: 'backend',
    address: '203.0.113.9',
    sessionId: id,
    targetId: null,
    requestId: 'mine-7',
    detail: { repoIds: [REPO_A], metadataKeys: ['task'] },
  });
  expect(lines((await audit({ sessionId: id })).toReversed())).toEqual(lines(told.slice(1, 7)));
});

test('the kill switch is told of before it is pulled and after, and a token that is revoked by hand', async () => {
  const one = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  await rig.call('POST', `/v1/tokens/${one.token?.id}/revoke`, { body: {} });
  await rig.call('POST', '/v1/tokens/revoke', { body: { sessionId: one.session.id } });
  const told = (await audit({ sessionId: one.session.id })).toReversed();
  expect(lines(told)).toEqual(['token.revoke ok', 'tokens.revoke begun', 'tokens.revoke ok']);
  expect(told[0]).toMatchObject({ keyId: 'settings:test', targetId: one.token?.id });
  expect(told[2]?.detail).toEqual({ count: 1 });
});

test.each([
  ['203.0.113.1:4711', '203.0.113.1'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
  ['2001:db8::2', '2001:db8::2'],
])('a proxy that writes the client as %s is understood', async (given, address) => {
  const one = await putSession(rig.redis, { status: 'running' });
  const headers = { 'x-forwarded-for': given };
  await rig.call('POST', `/v1/sessions/${one.session.id}/stop`, { body: {}, headers });
  expect(await audit({ sessionId: one.session.id })).toMatchObject([{ action: 'session.stop', address }]);
});

test('keys that were not taken are told of, some of them a minute', async () => {
  const headers = { 'x-forwarded-for': '203.0.113.77' };
  for (let i = 0; i < 40; i++) await rig.call('GET', '/v1/stats', { key: 'dp_obviously_wrong_key', headers });
  const told = (await audit({ action: 'authenticate' })).filter(({ address }) => address === '203.0.113.77');
  expect(told.length).toBeGreaterThanOrEqual(20);
  expect(told.length).toBeLessThanOrEqual(30);
  expect(told.at(-1)).toMatchObject({ keyId: null, outcome: 'unauthorized', detail: { route: '/v1/stats' } });
});

test('what a key is refused again and again does not fill the log', async () => {
  const { id: keyId, key } = await makeKey(rig);
  for (let i = 0; i < 50; i++) await rig.call('POST', '/v1/sessions/ses_none/stop', { key, body: {} });
  expect((await audit({ keyId, action: 'session.stop' })).length).toBe(30);
});

test('no key, value, variable or body is anywhere in it, wherever a caller put one', async () => {
  const secret = 'sk-a-very-secret-value';
  const { key } = await makeKey(rig);
  await rig.call('POST', '/v1/sessions', {
    key,
    headers: { 'idempotency-key': secret },
    body: {
      repos: [{ id: REPO_A }],
      env: { A: secret },
      secrets: { B: secret },
      metadata: { a: secret },
      command: [secret],
      network: { allow: [`${secret}.example.com`] },
    },
  });
  await rig.call('POST', '/v1/sessions', { key, body: { repos: [{ id: secret }], [secret]: secret } });
  await rig.call('POST', '/v1/tokens/revoke', { key, body: { provider: secret } });
  await rig.call('POST', '/v1/tokens/revoke', { key, body: { sessionId: secret } });
  for (const inPath of [secret, key]) {
    await rig.call('POST', `/v1/sessions/${inPath}/stop`, { key, body: {} });
    await rig.call('POST', `/v1/tokens/${inPath}/revoke`, { key, body: {} });
    await rig.call('DELETE', `/v1/api-keys/${inPath}`);
    await rig.call('GET', `/v1/${inPath}?key=${inPath}`, { key: inPath });
    await rig.call('GET', `/v1/sessions/${inPath}`, { key: `${inPath}x` });
  }
  const kept = await rig.redis.dumpBuffer(keys.audit);
  expect(kept?.includes(secret)).toBe(false);
  expect(kept?.includes(key)).toBe(false);
});

test('it is read page by page, none twice, and what is older than it is kept is neither shown nor stored', async () => {
  const all = await audit();
  const first = (await rig.call('GET', '/v1/audit?limit=2')).body as { data: WireAuditRecord[]; nextCursor: string };
  const second = (await rig.call('GET', `/v1/audit?limit=2&cursor=${first.nextCursor}`)).body as typeof first;
  expect([...first.data, ...second.data]).toEqual(all.slice(0, 4));
  await rig.redis.del(keys.audit);
  const old = JSON.stringify({ ...all[0], sessionId: 'ses_old' });
  for (let i = 1; i <= 200; i++) await rig.redis.xadd(keys.audit, `1-${i}`, 'data', old);
  expect(await audit()).toEqual([]);
  await makeKey(rig);
  expect(lines(await audit())).toEqual(['api_key.create ok']);
  // Redis drops whole nodes of a stream, so that some old lines may stay behind for a while.
  expect(await rig.redis.xlen(keys.audit)).toBeLessThan(50);
});
