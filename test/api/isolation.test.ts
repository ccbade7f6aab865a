import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSession, readToken } from '../../src/store/records.ts';
import { reportWorker } from '../../src/store/workers.ts';
import { makeKey } from '../support/api-keys.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { aSession, REPO_A } from '../support/records.ts';
import { openSse } from '../support/sse-client.ts';

let rig: ApiRig;
let mine: { id: string; key: string };
let theirs: { id: string; key: string };

beforeAll(async () => {
  rig = await startApiRig();
  [mine, theirs] = await Promise.all([makeKey(rig), makeKey(rig)]);
});
afterAll(async () => {
  await rig?.close();
});

const idsIn = (body: unknown): string[] => (body as { data: { id: string }[] }).data.map(({ id }) => id);

test('a key lists what it has started, page by page, and the operator lists everything', async () => {
  const [a, b] = await Promise.all(
    [mine, mine].map(({ id }) => putSession(rig.redis, { keyId: id, status: 'running' })),
  );
  const other = await putSession(rig.redis, { keyId: theirs.id, status: 'running' });
  const own = [a, b].map((put) => put?.session.id ?? '').toSorted();
  expect(idsIn((await rig.call('GET', '/v1/sessions', { key: mine.key })).body).toSorted()).toEqual(own);
  const running = await rig.call('GET', '/v1/sessions?status=running', { key: mine.key });
  expect(idsIn(running.body).toSorted()).toEqual(own);
  const first = (await rig.call('GET', '/v1/sessions?limit=1', { key: mine.key })).body;
  const { nextCursor } = first as { nextCursor: string };
  const second = (await rig.call('GET', `/v1/sessions?limit=1&cursor=${nextCursor}`, { key: mine.key })).body;
  expect([...idsIn(first), ...idsIn(second)].toSorted()).toEqual(own);
  const all = idsIn((await rig.call('GET', '/v1/sessions')).body);
  expect(all).toEqual(expect.arrayContaining([...own, other.session.id]));
});

test("a cursor that names another key's session, or was made up, leads to no session of another key", async () => {
  const other = await putSession(rig.redis, { keyId: theirs.id });
  for (const entry of [`${other.session.createdAt} ${other.session.id}`, '9999-01-01T00:00:00.000Z ses_z']) {
    const cursor = Buffer.from(entry).toString('base64url');
    const { status, body } = await rig.call('GET', `/v1/sessions?cursor=${cursor}`, { key: mine.key });
    expect(status).toBe(200);
    for (const id of idsIn(body)) expect((await readSession(rig.redis, id))?.keyId).toBe(mine.id);
  }
});

test('a session of another key is not found, in the same words as one that there never was', async () => {
  const { session } = await putSession(rig.redis, { keyId: theirs.id, status: 'running' });
  const foreign = await rig.call('GET', `/v1/sessions/${session.id}`, { key: mine.key });
  const never = await rig.call('GET', '/v1/sessions/ses_never', { key: mine.key });
  const plain = ({ body }: { body: unknown }, id: string): string =>
    JSON.stringify({ ...(body as object), instance: '' }).replaceAll(id, 'ID');
  expect(plain(foreign, session.id)).toBe(plain(never, 'ses_never'));
  await rig.call('POST', `/v1/sessions/${session.id}/stop`, { key: mine.key });
  expect((await readSession(rig.redis, session.id))?.stop).toBeNull();
});

test('the lives of all sessions are those of its own to a key, also when others go by', async () => {
  using stream = await openSse(`${rig.api.url}/v1/events`, { authorization: `Bearer ${mine.key}` });
  await putSession(rig.redis, { id: 'ses_theirs', keyId: theirs.id });
  await putSession(rig.redis, { id: 'ses_mine', keyId: mine.id });
  await moveSession(rig.redis, 'ses_theirs', { status: 'starting' });
  await moveSession(rig.redis, 'ses_mine', { status: 'starting' });
  const seen = [await stream.next(), await stream.next()].map((message) => message?.data);
  expect(seen).toMatchObject([
    { sessionId: 'ses_mine', type: 'accepted' },
    { sessionId: 'ses_mine', type: 'running' },
  ]);
  using resumed = await openSse(`${rig.api.url}/v1/events?after=0`, { authorization: `Bearer ${mine.key}` });
  for (let message = await resumed.next(); ; message = await resumed.next()) {
    const { sessionId } = (message?.data ?? {}) as { sessionId: string };
    expect((await readSession(rig.redis, sessionId))?.keyId).toBe(mine.id);
    if (sessionId === 'ses_mine') break;
  }
});

test('ledger, figures and workers tell a key of its own sessions alone', async () => {
  const key = await makeKey(rig);
  const own = await putSession(rig.redis, { keyId: key.id, status: 'running' }, { state: 'active' });
  const over = { keyId: key.id, status: 'succeeded', endedAt: new Date().toISOString() } as const;
  const due = await putSession(rig.redis, over, { state: 'revoking', revokingAt: new Date().toISOString() });
  const foreign = await putSession(rig.redis, { keyId: theirs.id, status: 'running' }, { state: 'active' });
  const tokens = (await rig.call('GET', '/v1/tokens', { key: key.key })).body;
  expect(idsIn(tokens).toSorted()).toEqual([own, due].map(({ token }) => token?.id ?? '').toSorted());
  const active = (await rig.call('GET', '/v1/tokens?state=active', { key: key.key })).body;
  expect(idsIn(active)).toEqual([own.token?.id]);
  expect((await rig.call('GET', '/v1/stats', { key: key.key })).body).toMatchObject({
    sessions: { running: 1, succeeded: 1, queued: 0 },
    tokens: { active: 1, revoking: 1 },
    revocationDebt: { count: 1 },
    queue: null,
  });
  const now = new Date().toISOString();
  const running = [own.session.id, foreign.session.id];
  await reportWorker(rig.redis, { name: 'w', engine: 'e', startedAt: now, seenAt: now, concurrency: 2, running });
  const workers = await rig.call('GET', '/v1/workers', { key: key.key });
  expect(workers.body).toMatchObject({ data: [{ name: 'w', running: [own.session.id] }] });
  expect((await rig.call('GET', '/v1/workers')).body).toMatchObject({ data: [{ name: 'w', running }] });
});

test('the kill switch of a key ends nothing of another, whichever way it is pulled', async () => {
  const own = await putSession(rig.redis, { keyId: mine.id, status: 'running' }, { state: 'active' });
  const foreign = await putSession(rig.redis, { keyId: theirs.id, status: 'running' }, { state: 'active' });
  const waiting = await putSession(rig.redis, { keyId: theirs.id, status: 'queued' });
  const pull = (body: unknown) => rig.call('POST', '/v1/tokens/revoke', { key: mine.key, body });
  expect((await pull({ sessionId: foreign.session.id })).body).toEqual({ revoked: [], count: 0 });
  expect((await pull({ sessionId: waiting.session.id })).body).toEqual({ revoked: [], count: 0 });
  expect((await pull({ repoId: REPO_A })).body).toMatchObject({ revoked: expect.arrayContaining([own.token?.id]) });
  await pull({ provider: 'relace' });
  expect((await readToken(rig.redis, own.token?.id ?? ''))?.state).toBe('revoking');
  expect((await readToken(rig.redis, foreign.token?.id ?? ''))?.state).toBe('active');
  expect((await readSession(rig.redis, waiting.session.id))?.status).toBe('queued');
});

test('the same Idempotency-Key of two keys starts two sessions', async () => {
  const start = (key: string) =>
    rig.call('POST', '/v1/sessions', {
      key,
      headers: { 'idempotency-key': 'the same' },
      body: { repos: aSession().request.repos.map(({ id }) => ({ id })) },
    });
  const replies = await Promise.all([start(mine.key), start(theirs.key), start(mine.key)]);
  const ids = replies.map(({ body }) => (body as { id: string }).id);
  expect(new Set(ids).size).toBe(2);
  expect(ids[0]).toBe(ids[2]);
});
