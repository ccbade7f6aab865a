import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../src/api/auth.ts';
import { hashOfKey } from '../../src/access/key-value.ts';
import { apiKeySchema, createdApiKeySchema } from '../../src/api/schemas/api-key.ts';
import { readSession, readToken } from '../../src/store/records.ts';
import { Secret } from '../../src/token/secret.ts';
import { apiClient } from '../support/api-client.ts';
import { makeKey } from '../support/api-keys.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { startTestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { REPO_A } from '../support/records.ts';
import { openSse } from '../support/sse-client.ts';

const REPO_B = '22222222-2222-4222-8222-222222222222';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

const start = (key: string, body: object) => rig.call('POST', '/v1/sessions', { key, body });
const status = async (key: string) => (await rig.call('GET', '/v1/sessions', { key })).status;

test('a key is shown once, and nothing that is kept is worth anything', async () => {
  const reply = await rig.call('POST', '/v1/api-keys', { body: { name: 'backend', scopes: ['start'] } });
  expect(reply.status).toBe(201);
  expect(reply.headers.get('cache-control')).toBe('no-store');
  const { id, key, fingerprint, createdBy } = createdApiKeySchema.strict().parse(reply.body);
  expect(key).toMatch(/^dp_[\w-]{43}$/);
  expect(fingerprint).toBe(hashOfKey(key).slice(0, 12));
  expect(createdBy).toBe('settings:test');
  expect(await status(key)).toBe(200);
  const listed = await rig.call('GET', '/v1/api-keys');
  expect(JSON.stringify(listed.body)).not.toContain(key);
  expect((listed.body as { data: unknown[] }).data.map((one) => apiKeySchema.strict().parse(one).id)).toContain(id);
  const names = await rig.redis.keys('*');
  const stored = await Promise.all(names.map((name) => rig.redis.dumpBuffer(name)));
  const kept = Buffer.concat([Buffer.from(names.join()), ...stored.filter((value) => value !== null)]);
  expect(kept.includes(key)).toBe(false);
  expect(kept.includes(hashOfKey(key))).toBe(true);
});

test('when it was last used is told, to about a minute', async () => {
  const { id, key } = await makeKey(rig);
  const of = async () => {
    const { data } = (await rig.call('GET', '/v1/api-keys')).body as { data: { id: string; lastUsedAt: string }[] };
    return data.find((one) => one.id === id)?.lastUsedAt;
  };
  expect(await of()).toBeNull();
  await status(key);
  const usedAt = await eventually(of, (at) => typeof at === 'string');
  await sleep(5);
  await status(key);
  expect(await of()).toBe(usedAt);
});

test.each([
  ['no scope', { scopes: [] }, 'scopes'],
  ['an unknown scope', { scopes: ['admin'] }, 'scopes[0]'],
  ['a name that moves the cursor', { name: 'a\u001b[2J' }, 'name'],
  ['a name that is a key', { name: 'dp_0123456789abcdef0123' }, 'name'],
  ['a repo that is none', { repos: ['x'] }, 'repos[0]'],
  ['no repo at all', { repos: [] }, 'repos'],
  ['a limit of nothing', { limits: { sessions: 0 } }, 'limits.sessions'],
  ['an unknown limit', { limits: { gpus: 1 } }, 'limits.gpus'],
  ['an end that has passed', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
])('a key with %s is refused, naming the field', async (_what, over, path) => {
  const reply = await rig.call('POST', '/v1/api-keys', { body: { name: 'n', scopes: ['read'], ...over } });
  expect(reply).toMatchObject({ status: 422, body: { errors: [{ path }] } });
});

describe('a revoked key', () => {
  test('is refused at once by every process, and revoking it again is fine', async () => {
    await using other = await startTestApi({ redisUrl: rig.store.url });
    const { id, key } = await makeKey(rig);
    const elsewhere = () => apiClient(other)('GET', '/v1/sessions', { key });
    await eventually(elsewhere, (reply) => reply.status === 200);
    const revoked = await rig.call('DELETE', `/v1/api-keys/${id}`);
    expect(revoked).toMatchObject({ status: 200, body: { id, revokedAt: expect.any(String) } });
    expect((await elsewhere()).status).toBe(401);
    expect(await status(key)).toBe(401);
    const again = await rig.call('DELETE', `/v1/api-keys/${id}`);
    expect(again.body).toEqual(revoked.body);
  });

  test('has its streams ended, in every process, and those of other keys go on', async () => {
    await using other = await startTestApi({ redisUrl: rig.store.url });
    await eventually(
      () => apiClient(other)('GET', '/readyz'),
      (reply) => reply.status === 200,
    );
    const [gone, kept] = [await makeKey(rig), await makeKey(rig)];
    using here = await openSse(`${rig.api.url}/v1/events`, { authorization: `Bearer ${gone.key}` });
    using there = await openSse(`${other.url}/v1/events`, { authorization: `Bearer ${gone.key}` });
    using stays = await openSse(`${rig.api.url}/v1/events`, { authorization: `Bearer ${kept.key}` });
    await rig.call('DELETE', `/v1/api-keys/${gone.id}`);
    const ends = [here, there].map((stream) => stream.next(20_000).catch((error: Error) => error.message));
    expect(await Promise.all(ends)).toEqual(['terminated', 'terminated']);
    const { session } = await putSession(rig.redis, { keyId: kept.id });
    expect((await stays.next())?.data).toMatchObject({ sessionId: session.id });
  });

  test('leaves its sessions running, for the operator to see, and says how many', async () => {
    const { id, key } = await makeKey(rig);
    const { body } = await start(key, { repos: [{ id: REPO_A }] });
    await putSession(rig.redis, { keyId: id, status: 'running' });
    await putSession(rig.redis, { keyId: id, status: 'succeeded' });
    const revoked = await rig.call('DELETE', `/v1/api-keys/${id}`);
    expect(revoked).toMatchObject({ status: 200, body: { openSessions: 2 } });
    const sessionId = (body as { id: string }).id;
    expect((await rig.call('GET', `/v1/sessions/${sessionId}`)).body).toMatchObject({ keyId: id, status: 'queued' });
  });

  test('with stopSessions has its tokens deleted and its sessions stopped, and those of others go on', async () => {
    const [{ id }, other] = [await makeKey(rig), await makeKey(rig)];
    const waiting = await putSession(rig.redis, { keyId: id });
    const running = await putSession(rig.redis, { keyId: id, status: 'running' }, { state: 'active' });
    const theirs = await putSession(rig.redis, { keyId: other.id, status: 'running' }, { state: 'active' });
    const stopping = () => rig.call('DELETE', `/v1/api-keys/${id}?stopSessions=true`);
    // The one that runs has not ended yet: its worker carries that out.
    expect(await stopping()).toMatchObject({ status: 200, body: { openSessions: 1 } });
    expect((await readSession(rig.redis, waiting.session.id))?.status).toBe('stopped');
    expect((await readSession(rig.redis, running.session.id))?.stop).toMatchObject({ revoke: 'now' });
    expect((await readToken(rig.redis, running.token?.id ?? ''))?.state).toBe('revoking');
    expect((await readSession(rig.redis, theirs.session.id))?.stop).toBeNull();
    expect((await readToken(rig.redis, theirs.token?.id ?? ''))?.state).toBe('active');
    const audit = await rig.call('GET', `/v1/audit?sessionId=${running.session.id}`);
    expect(audit.body).toMatchObject({ data: [{ action: 'session.stop', outcome: 'ok', keyId: 'settings:test' }] });
    expect(await stopping()).toMatchObject({ status: 200, body: { openSessions: 1 } });
  });

  test('that was revoked before has its sessions stopped by a later call with stopSessions', async () => {
    const { id } = await makeKey(rig);
    await rig.call('DELETE', `/v1/api-keys/${id}`);
    const { session } = await putSession(rig.redis, { keyId: id });
    await rig.call('DELETE', `/v1/api-keys/${id}?stopSessions=true`);
    expect((await readSession(rig.redis, session.id))?.status).toBe('stopped');
  });

  test('starts nothing more, also by calls that were let in before', async () => {
    for (let round = 0; round < 5; round++) {
      const { id, key } = await makeKey(rig);
      const starts = Array.from({ length: 15 }, () => start(key, { repos: [{ id: REPO_A }] }));
      await starts[0];
      await rig.call('DELETE', `/v1/api-keys/${id}?stopSessions=true`);
      const statuses = (await Promise.all(starts)).map((reply) => reply.status);
      expect(statuses.filter((code) => code !== 201 && code !== 401)).toEqual([]);
      const { body } = await rig.call('DELETE', `/v1/api-keys/${id}`);
      expect(body).toMatchObject({ openSessions: 0 });
    }
  });

  test('that never was, or is one of the settings, is answered 404', async () => {
    for (const id of ['key_none', 'settings:test']) {
      expect((await rig.call('DELETE', `/v1/api-keys/${id}`)).status).toBe(404);
    }
  });
});

test('a key with another value has the sessions that it had, and its old value is that of nobody', async () => {
  const { id, key } = await makeKey(rig);
  const { session } = await putSession(rig.redis, { keyId: id });
  using stream = await openSse(`${rig.api.url}/v1/events`, { authorization: `Bearer ${key}` });
  const rotated = createdApiKeySchema.parse((await rig.call('POST', `/v1/api-keys/${id}/rotate`)).body);
  using stays = await openSse(`${rig.api.url}/v1/events`, { authorization: `Bearer ${rotated.key}` });
  await expect(stream.next(20_000)).rejects.toThrow('terminated');
  expect(await status(key)).toBe(401);
  const found = await rig.call('GET', `/v1/sessions/${session.id}`, { key: rotated.key });
  expect(found).toMatchObject({ status: 200, body: { keyId: id } });
  await putSession(rig.redis, { id: 'ses_after_rotation', keyId: id });
  expect((await stays.next())?.data).toMatchObject({ sessionId: 'ses_after_rotation' });
  await rig.call('DELETE', `/v1/api-keys/${id}`);
  expect((await rig.call('POST', `/v1/api-keys/${id}/rotate`)).status).toBe(404);
});

test('a key works until it expires, and its streams end then', async () => {
  const { key } = await makeKey(rig, { expiresAt: new Date(Date.now() + 4_000).toISOString() });
  using stream = await openSse(`${rig.api.url}/v1/events`, { authorization: `Bearer ${key}` });
  await expect(stream.next(5_000)).rejects.toThrow('terminated');
  expect(await rig.call('GET', '/v1/sessions', { key })).toMatchObject({
    status: 401,
    body: { detail: expect.stringContaining('expired') },
  });
});

test('a key for some repos starts sessions with these alone', async () => {
  const { key } = await makeKey(rig, { repos: [REPO_A.toUpperCase()] });
  expect((await start(key, { repos: [{ id: REPO_A }] })).status).toBe(201);
  expect(await start(key, { repos: [{ id: REPO_A }, { id: REPO_B }] })).toMatchObject({
    status: 403,
    body: { code: 'repo_not_allowed', errors: [{ path: 'repos[1].id' }] },
  });
});

test('a key has limits of its own for what a session may ask for, and defaults stay below them', async () => {
  const { key } = await makeKey(rig, {
    limits: { timeoutSeconds: 60, memoryMb: 512, cpus: 0.5, pids: 64, diskMb: 64 },
  });
  const { status: answered, body } = await start(key, { repos: [{ id: REPO_A }] });
  expect(answered).toBe(201);
  const { id } = body as { id: string };
  expect((await readSession(rig.redis, id))?.request).toMatchObject({
    timeoutSeconds: 60,
    maxTimeoutSeconds: 60,
    resources: { cpus: 0.5, memoryMb: 512, pids: 64, diskMb: 64 },
  });
  const tooMuch = { timeoutSeconds: 61, resources: { cpus: 1, memoryMb: 513, pids: 65, diskMb: 65 } };
  const refused = await start(key, { repos: [{ id: REPO_A }], ...tooMuch });
  const { errors } = refused.body as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path)).toEqual([
    'timeoutSeconds',
    'maxTimeoutSeconds',
    'resources.cpus',
    'resources.memoryMb',
    'resources.pids',
    'resources.diskMb',
  ]);
  const longer = await rig.call('POST', `/v1/sessions/${id}/extend`, { key, body: { timeoutSeconds: 61 } });
  expect(longer.status).toBe(422);
});

test('a new key puts no session before those of others, unless it may', async () => {
  const ordinary = await makeKey(rig);
  const body = { repos: [{ id: REPO_A }], priority: 1 };
  expect(await start(ordinary.key, body)).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'priority', message: 'must be at most 0, the limit of this API key' }] },
  });
  expect((await start(ordinary.key, { ...body, priority: -5 })).status).toBe(201);
  const first = await makeKey(rig, { limits: { maxPriority: 10 } });
  expect((await start(first.key, { ...body, priority: 10 })).status).toBe(201);
  expect((await start(first.key, { ...body, priority: 11 })).status).toBe(422);
});

describe('a login', () => {
  const secret = new Secret('what the cookie says');

  test('is the caller of its key, until that is revoked', async () => {
    const { id, key } = await makeKey(rig, { scopes: ['read'] });
    const authenticator = createAuthenticator(rig.redis, []);
    const { keyId, fingerprint } = await authenticator.byKey(key);
    expect(await authenticator.byLogin({ keyId, fingerprint }, secret)).toMatchObject({ keyId: id, scopes: ['read'] });
    await rig.call('DELETE', `/v1/api-keys/${id}`);
    await expect(authenticator.byLogin({ keyId, fingerprint }, secret)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('by a key of the settings ends when that has another value, or is gone', async () => {
    const keyed = (key: string) => createAuthenticator(rig.redis, [{ name: 'ops', key: new Secret(key) }]);
    const { keyId, fingerprint } = await keyed('dp_obviously_fake_1').byKey('dp_obviously_fake_1');
    const login = { keyId, fingerprint };
    expect(await keyed('dp_obviously_fake_1').byLogin(login, secret)).toMatchObject({ keyId: 'settings:ops', secret });
    const over = [keyed('dp_obviously_fake_2'), createAuthenticator(rig.redis, [])];
    for (const authenticator of over) {
      await expect(authenticator.byLogin(login, secret)).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });
});

test('without Redis a stored key is answered 503, and one of the settings is known', async () => {
  const { key } = await makeKey(rig, { scopes: ['operate'] });
  await rig.store.kill();
  try {
    await eventually(
      () => rig.call('GET', '/readyz'),
      (reply) => reply.status === 503,
    );
    expect(await rig.call('GET', '/metrics', { key })).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect((await rig.call('GET', '/metrics')).body).toContain('daypass_store_up 0');
  } finally {
    await rig.store.restart();
  }
  await eventually(
    () => rig.call('GET', '/metrics', { key }),
    (reply) => reply.status === 200,
  );
});
