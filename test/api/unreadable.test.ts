import { afterAll, beforeAll, expect, test } from 'vitest';
import { keys } from '../../src/store/keys.ts';
import { readToken } from '../../src/store/records.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { damage, makeList, putDamaged, type Among } from '../support/damage.ts';
import { openSse } from '../support/sse-client.ts';

let rig: ApiRig;
let among: Among;

interface Kind {
  kind: keyof Among['damaged'];
  path: () => string;
  good: () => Record<string, string>;
}

beforeAll(async () => {
  rig = await startApiRig();
  among = await putDamaged(rig);
});
afterAll(() => rig?.close());

interface List {
  data: Record<string, unknown>[];
  nextCursor: string | null;
  unreadable?: { id: string; field: string; problem: string }[];
}

async function list(path: string): Promise<List> {
  const { status, body } = await rig.call('GET', path);
  expect(status).toBe(200);
  return body as List;
}

/** The id of the one that is damaged in this field. */
const damagedIn = (found: { id: string; field: string }[], wanted: string): string =>
  found.find(({ field }) => field === wanted)?.id ?? '';

const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);

const KINDS: Kind[] = [
  { kind: 'sessions', path: () => '/v1/sessions', good: () => ({ id: among.good.session }) },
  { kind: 'tokens', path: () => '/v1/tokens', good: () => ({ id: among.good.token }) },
  { kind: 'apiKeys', path: () => '/v1/api-keys', good: () => ({ id: among.good.apiKey }) },
  { kind: 'workers', path: () => '/v1/workers', good: () => ({ name: among.good.worker }) },
  { kind: 'audit', path: () => '/v1/audit', good: () => ({ action: 'api_key.create' }) },
  { kind: 'events', path: () => `/v1/sessions/${among.good.session}/events`, good: () => ({ type: 'accepted' }) },
];

test.each(KINDS)(
  'the list of $kind has the good ones, and names record and field of those that cannot be read',
  async ({ kind, path, good }) => {
    const { data, unreadable = [] } = await list(path());
    expect(data).toContainEqual(expect.objectContaining(good()));
    const told = unreadable.map(({ id, field }) => ({ id, field }));
    expect(told.toSorted(byId)).toEqual([...among.damaged[kind]].toSorted(byId));
    for (const { problem } of unreadable) expect(problem).toMatch(/^is /);
    expect(JSON.stringify(unreadable)).not.toContain('[secret]');
  },
);

test('page by page each record comes once, the damaged ones among them', async () => {
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await list(`/v1/sessions?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    const ids = [...page.data.map(({ id }) => String(id)), ...(page.unreadable ?? []).map(({ id }) => id)];
    expect(ids.length).toBeLessThanOrEqual(2);
    seen.push(...ids);
    cursor = page.nextCursor;
  }
  expect(seen).toHaveLength(7);
  expect(new Set(seen).size).toBe(7);
});

test('a list that is narrowed goes on too', async () => {
  expect((await list('/v1/sessions?status=running&metadata.a=b')).data).toEqual([]);
  expect((await list('/v1/tokens?state=active')).data).toHaveLength(4);
});

test.each(['', '/events', '/receipt', '/logs'])(
  'what is asked of one that is damaged (%s) says which field',
  async (part) => {
    for (const { id, field } of among.damaged.sessions) {
      const reply = await rig.call('GET', `/v1/sessions/${id}${part}`);
      expect(reply.headers.get('content-type')).toBe('application/problem+json');
      expect(reply).toMatchObject({
        status: 500,
        body: { code: 'record_unreadable', errors: [{ path: field }] },
      });
      expect((reply.body as { detail: string }).detail).toContain(id);
    }
  },
);

test('what is asked to be done with it does so too, and leaves it as it is', async () => {
  const id = damagedIn(among.damaged.sessions, 'status');
  const before = await rig.redis.get(keys.session(id));
  for (const [method, part, body] of [
    ['POST', '/stop', {}],
    ['POST', '/extend', { timeoutSeconds: 60 }],
    ['PATCH', '/network', { allow: [] }],
    ['DELETE', '', undefined],
  ] as const) {
    const reply = await rig.call(method, `/v1/sessions/${id}${part}`, { body });
    expect(reply).toMatchObject({
      status: 500,
      body: { code: 'record_unreadable', detail: expect.stringContaining(id) },
    });
  }
  expect(await rig.redis.get(keys.session(id))).toBe(before);
});

test('stats and metrics go on, and a token whose session cannot be read counts as one that is to be gone', async () => {
  const stats = (await rig.call('GET', '/v1/stats')).body;
  expect(stats).toMatchObject({ sessions: { running: 7 }, revocationDebt: { count: expect.any(Number) } });
  expect((stats as { revocationDebt: { count: number } }).revocationDebt.count).toBeGreaterThanOrEqual(3);
  expect((await rig.call('GET', '/metrics')).body).toContain('daypass_store_up 1');
});

test('streams of events go on past what cannot be read, and tell of it', async () => {
  const id = among.good.session;
  using one = await openSse(`${rig.api.url}/v1/sessions/${id}/events`, rig.authorization);
  using all = await openSse(`${rig.api.url}/v1/events?after=0`, rig.authorization);
  expect(await one.next()).toMatchObject({ data: { type: 'accepted' } });
  const eventId = damagedIn(among.damaged.events, 'type');
  expect(await one.next()).toMatchObject({ event: 'unreadable', id: eventId, data: { id: eventId, field: 'type' } });
  await moveSession(rig.redis, id, { deadlineAt: '2027-01-01T00:00:00.000Z' });
  expect(await one.next()).toMatchObject({ data: { type: 'running' } });
  const seen: (string | undefined)[] = [];
  for (let message = await all.next(); ; message = await all.next()) {
    seen.push(message?.event);
    if ((message?.data as { type?: string } | undefined)?.type === 'running') break;
  }
  expect(seen.filter((event) => event === 'unreadable')).toHaveLength(1);
});

test('the key that a damaged record is of is refused, and the others are not', async () => {
  const id = damagedIn(among.damaged.apiKeys, 'scopes');
  expect(await rig.call('DELETE', `/v1/api-keys/${id}`)).toMatchObject({
    status: 500,
    body: { code: 'record_unreadable', errors: [{ path: 'scopes' }] },
  });
});

test('the kill switch ends the tokens of all that match, also of a session that cannot be read, and mends lines that cannot', async () => {
  const repoId = '22222222-2222-4222-8222-222222222222';
  const grants = [{ repoId, access: 'write' as const }];
  const bad = await putSession(rig.redis, { status: 'running' }, { state: 'active', grants });
  const other = await putSession(rig.redis, { status: 'running' }, { state: 'active', grants });
  await damage(rig.redis, keys.session(bad.session.id), 'status=');
  const { status, body } = await rig.call('POST', '/v1/tokens/revoke', { body: { repoId } });
  expect(status).toBe(202);
  expect(body).toEqual({ count: 2, revoked: expect.arrayContaining([bad.token?.id, other.token?.id]) });
  // Nothing has its value, so that only its lifetime ends it.
  expect((await readToken(rig.redis, among.damaged.tokens[0]?.id ?? ''))?.state).toBe('unknown');
  for (const { token } of [bad, other]) expect((await readToken(rig.redis, token?.id ?? ''))?.state).toBe('revoking');
  const single = await putSession(rig.redis, { status: 'running' }, { state: 'active', grants });
  await damage(rig.redis, keys.session(single.session.id), 'request:');
  expect(await rig.call('POST', `/v1/tokens/${single.token?.id}/revoke`, { body: {} })).toMatchObject({
    status: 202,
    body: { state: 'revoking' },
  });
});

test('a session whose token is of another type of Redis is named by its list, and stopped as any other', async () => {
  const { session, token } = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  await makeList(rig.redis, keys.token(token?.id ?? ''));
  const wrong = { field: 'token.(record)', problem: 'is not a text but a list' };
  expect((await list('/v1/sessions')).unreadable).toContainEqual({ id: session.id, ...wrong });
  expect(await rig.call('GET', `/v1/sessions/${session.id}`)).toMatchObject({
    status: 500,
    body: { code: 'record_unreadable', detail: expect.stringContaining('Daypass mends it by itself') },
  });
  expect(await rig.call('POST', `/v1/sessions/${session.id}/stop`, { body: {} })).toMatchObject({
    status: 202,
    body: { status: 'failed', failure: { code: 'internal_error' }, token: { state: 'unknown' } },
  });
});

test('a session whose token has lost its line is stopped as any other', async () => {
  const { session, token } = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  await rig.redis.del(keys.token(token?.id ?? ''));
  expect(await rig.call('POST', `/v1/sessions/${session.id}/stop`, { body: {} })).toMatchObject({
    status: 202,
    body: { status: 'failed', failure: { code: 'internal_error' }, token: { state: 'unknown' } },
  });
});

test('a session whose token cannot be read is stopped as any other, by its own call and by the kill switch', async () => {
  const put = async () => {
    const { session, token } = await putSession(
      rig.redis,
      { status: 'running' },
      { state: 'active', sealed: 'k1:sealed' },
    );
    await damage(rig.redis, keys.token(token?.id ?? ''), 'state=');
    return { id: session.id, tokenId: token?.id ?? '' };
  };
  const stopped = await put();
  expect(await rig.call('POST', `/v1/sessions/${stopped.id}/stop`, { body: {} })).toMatchObject({
    status: 202,
    body: { status: 'failed', failure: { code: 'internal_error' }, token: { state: 'revoking' } },
  });
  const killed = await put();
  const { body } = await rig.call('POST', '/v1/tokens/revoke', { body: { sessionId: killed.id } });
  expect(body).toMatchObject({ revoked: [killed.tokenId] });
  const single = await put();
  expect(await rig.call('POST', `/v1/tokens/${single.tokenId}/revoke`, { body: {} })).toMatchObject({
    status: 202,
    body: { state: 'revoking' },
  });
});
