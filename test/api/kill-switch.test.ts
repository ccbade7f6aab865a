import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSession, readToken } from '../../src/store/records.ts';
import { putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { aSession, REPO_A } from '../support/records.ts';

const REPO_B = '22222222-2222-4222-8222-222222222222';
const toB = { grants: [{ repoId: REPO_B, access: 'write' as const }] };
const { request } = aSession();
const waitingForB = { request: { ...request, repos: request.repos.map((repo) => ({ ...repo, id: REPO_B })) } };

let rig: ApiRig;

beforeEach(async () => {
  rig = await startApiRig();
});
afterEach(async () => {
  await rig?.close();
});

const revoke = (body: unknown) => rig.call('POST', '/v1/tokens/revoke', { body });
const stateOf = async (id: string | undefined) => (await readToken(rig.redis, id ?? ''))?.state;
const stopOf = async (id: string) => (await readSession(rig.redis, id))?.stop;

test('by repo ends every live token that opens it, with its session, and leaves the rest alone', async () => {
  const hit = await putSession(rig.redis, { status: 'running' }, { ...toB, state: 'active' });
  const due = await putSession(rig.redis, { status: 'stopping' }, { ...toB, state: 'revoking' });
  const other = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  const gone = await putSession(rig.redis, { status: 'succeeded' }, { ...toB, state: 'revoked' });
  const reply = await revoke({ repoId: REPO_B });
  expect(reply).toMatchObject({ status: 202, body: { count: 2 } });
  const { revoked } = reply.body as { revoked: string[] };
  expect(new Set(revoked)).toEqual(new Set([hit.token?.id, due.token?.id]));
  expect(await stateOf(hit.token?.id)).toBe('revoking');
  expect(await stopOf(hit.session.id)).toMatchObject({ revoke: 'now' });
  expect(await stateOf(other.token?.id)).toBe('active');
  expect(await stopOf(other.session.id)).toBeNull();
  expect(await stateOf(gone.token?.id)).toBe('revoked');
  expect(await revoke({ repoId: REPO_B })).toMatchObject({ status: 202, body: { count: 2 } });
});

test('by repo also ends what waits for it, and what waits for another goes on waiting', async () => {
  const waiting = await putSession(rig.redis, waitingForB);
  const other = await putSession(rig.redis);
  expect(await revoke({ repoId: REPO_B.toUpperCase() })).toMatchObject({ status: 202, body: { count: 0 } });
  expect((await readSession(rig.redis, waiting.session.id))?.status).toBe('stopped');
  expect((await readSession(rig.redis, other.session.id))?.status).toBe('queued');
});

test.each(['unknown', 'refused'] as const)(
  'by repo ends what starts, although its token is %s: it would have another one minted',
  async (state) => {
    const starting = await putSession(rig.redis, { ...waitingForB, status: 'starting' }, { ...toB, state });
    const other = await putSession(rig.redis, { status: 'starting' }, { state });
    expect(await revoke({ repoId: REPO_B })).toMatchObject({ status: 202, body: { count: 0 } });
    expect(await stopOf(starting.session.id)).toMatchObject({ revoke: 'now' });
    expect(await stopOf(other.session.id)).toBeNull();
  },
);

test('by session ends its token, or the session itself while it waits', async () => {
  const running = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
  const waiting = await putSession(rig.redis);
  const first = await revoke({ sessionId: running.session.id });
  expect(first).toMatchObject({ status: 202, body: { revoked: [running.token?.id], count: 1 } });
  expect(await stateOf(running.token?.id)).toBe('revoking');
  expect(await revoke({ sessionId: waiting.session.id })).toMatchObject({ status: 202, body: { count: 0 } });
  expect((await readSession(rig.redis, waiting.session.id))?.status).toBe('stopped');
  expect(await revoke({ sessionId: 'ses_none' })).toMatchObject({ status: 202, body: { revoked: [], count: 0 } });
});

test('by provider ends what it minted and is minting, and leaves what waits in the queue', async () => {
  const hit = await putSession(rig.redis, { status: 'running' }, { provider: 'relace', state: 'active' });
  const minting = await putSession(rig.redis, { status: 'starting' }, { provider: null, state: 'intended' });
  const other = await putSession(rig.redis, { status: 'running' }, { provider: 'other', state: 'active' });
  const waiting = await putSession(rig.redis);
  const { body } = await revoke({ provider: 'relace' });
  expect(new Set((body as { revoked: string[] }).revoked)).toEqual(new Set([hit.token?.id, minting.token?.id]));
  expect(await stopOf(minting.session.id)).toMatchObject({ revoke: 'now' });
  expect(await stateOf(other.token?.id)).toBe('active');
  expect((await readSession(rig.redis, waiting.session.id))?.status).toBe('queued');
});

test('reaches every token, however many pages of the ledger they fill', async () => {
  await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      putSession(rig.redis, { status: 'running' }, { ...toB, state: i % 3 === 0 ? 'intended' : 'active' }),
    ),
  );
  expect(await revoke({ repoId: REPO_B })).toMatchObject({ status: 202, body: { count: 300 } });
  expect((await rig.call('GET', '/v1/stats')).body).toMatchObject({ tokens: { active: 0, revoking: 200 } });
});

test.each([
  [{}, '(body)'],
  [{ sessionId: 'ses_1', repoId: REPO_B }, '(body)'],
  [{ sessionId: 'ses_1', token: 'tok_1' }, 'token'],
  [{ repoId: REPO_A, all: true }, 'all'],
  [{ provider: '' }, 'provider'],
  [{ sessionId: 7 }, 'sessionId'],
])('%j is refused, naming what is wrong', async (body, path) => {
  expect(await revoke(body)).toMatchObject({ status: 422, body: { errors: [{ path }] } });
});
