import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf } from '../../src/store/events.ts';
import { readSession, readToken } from '../../src/store/records.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

describe('stop', () => {
  test('ends a queued session at once, with its event', async () => {
    const { session } = await putSession(rig.redis, { sealedSecrets: 'v1.k.e.c' });
    const reply = await rig.call('POST', `/v1/sessions/${session.id}/stop`);
    expect(reply).toMatchObject({ status: 202, body: { status: 'stopped', endedAt: expect.any(String) } });
    expect((await eventsOf(rig.redis, session.id, '0')).map(({ type }) => type)).toEqual([
      'accepted',
      'stop_requested',
      'ended',
    ]);
    expect((await readSession(rig.redis, session.id))?.sealedSecrets).toBeNull();
  });

  test('of a running session records the wish; with revoke "now" its token is revoking in the same moment', async () => {
    const { session, token } = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
    const path = `/v1/sessions/${session.id}/stop`;
    await rig.call('POST', path, { body: { graceSeconds: 30 } });
    expect((await readSession(rig.redis, session.id))?.stop).toMatchObject({ graceSeconds: 30, revoke: 'after' });
    expect((await readToken(rig.redis, token?.id ?? ''))?.state).toBe('active');
    const reply = await rig.call('POST', path, { body: { graceSeconds: 5, revoke: 'now' } });
    expect(reply).toMatchObject({ status: 202, body: { status: 'running', token: { state: 'revoking' } } });
  });

  test('of what has ended is fine, and of what is not there 404', async () => {
    const { session } = await putSession(rig.redis, { status: 'succeeded', endedAt: inAnHour() });
    const reply = await rig.call('POST', `/v1/sessions/${session.id}/stop`, { body: {} });
    expect(reply).toMatchObject({ status: 202, body: { status: 'succeeded' } });
    expect((await rig.call('POST', '/v1/sessions/ses_none/stop')).status).toBe(404);
  });

  test('with a wrong grace is refused, naming it', async () => {
    const { session } = await putSession(rig.redis);
    const reply = await rig.call('POST', `/v1/sessions/${session.id}/stop`, { body: { graceSeconds: -1 } });
    expect(reply).toMatchObject({ status: 422, body: { errors: [{ path: 'graceSeconds' }] } });
  });
});

describe('extend', () => {
  test('moves the deadline up to the end of the token and not past it', async () => {
    const { session } = await putSession(
      rig.redis,
      { status: 'running', deadlineAt: new Date(Date.now() + 60_000).toISOString() },
      { state: 'active', expiresAt: inAnHour() },
    );
    const path = `/v1/sessions/${session.id}/extend`;
    const reply = await rig.call('POST', path, { body: { timeoutSeconds: 1_800 } });
    const { deadlineAt } = reply.body as { deadlineAt: string };
    expect(Date.parse(deadlineAt) - Date.now()).toBeGreaterThan(1_795_000);
    const beyond = await rig.call('POST', path, { body: { timeoutSeconds: 4_000 } });
    expect(beyond).toMatchObject({ status: 409, body: { code: 'beyond_token_lifetime' } });
    expect((await readSession(rig.redis, session.id))?.deadlineAt).toBe(deadlineAt);
  });

  test('of an ended session is refused, and so is more than the operator allows', async () => {
    const { session } = await putSession(rig.redis, { status: 'failed', endedAt: inAnHour() });
    const path = `/v1/sessions/${session.id}/extend`;
    const ended = await rig.call('POST', path, { body: { timeoutSeconds: 60 } });
    expect(ended).toMatchObject({ status: 409, body: { code: 'session_ended' } });
    const tooLong = await rig.call('POST', path, { body: { timeoutSeconds: 86_401 } });
    expect(tooLong).toMatchObject({ status: 422, body: { errors: [{ path: 'timeoutSeconds' }] } });
  });
});

/** What a deletion is answered with that cannot be done yet. */
const refused = (detail: string) => ({
  status: 409,
  body: { code: 'session_not_ended', detail: expect.stringContaining(detail) },
});

describe('delete', () => {
  test('is refused while the session lives or anything of it is left, and forgets it after that', async () => {
    const sandbox = { id: 'sbx_1', image: 'i', engine: 'engine-1', claimedAt: null, removedAt: null };
    const { session } = await putSession(rig.redis, { status: 'running', sandbox });
    const path = `/v1/sessions/${session.id}`;
    expect(await rig.call('DELETE', path)).toMatchObject(refused('It is running'));
    await moveSession(rig.redis, session.id, { status: 'succeeded', endedAt: inAnHour() });
    expect(await rig.call('DELETE', path)).toMatchObject(refused('container sbx_1 is not removed'));
    await moveSession(rig.redis, session.id, { sandbox: { ...sandbox, removedAt: inAnHour() } });
    expect((await rig.call('DELETE', path)).status).toBe(204);
    expect((await rig.call('GET', path)).status).toBe(404);
    expect(await rig.redis.keys(`*${session.id}*`)).toEqual([]);
  });
});

describe('the kill switch', () => {
  test('has the token revoked and its session stopped, and can be pulled again', async () => {
    const { session, token } = await putSession(rig.redis, { status: 'running' }, { state: 'active' });
    const path = `/v1/tokens/${token?.id}/revoke`;
    const reply = await rig.call('POST', path);
    expect(reply).toMatchObject({ status: 202, body: { state: 'revoking', revokingAt: expect.any(String) } });
    expect((await readSession(rig.redis, session.id))?.stop).toMatchObject({ revoke: 'now' });
    const again = await rig.call('POST', path);
    expect(again).toMatchObject({ status: 202, body: reply.body as object });
  });

  test('of an unknown token is answered 404', async () => {
    expect((await rig.call('POST', '/v1/tokens/tok_none/revoke')).status).toBe(404);
  });
});

describe('network', () => {
  test.each(['queued', 'starting', 'running', 'stopping'] as const)(
    'of a session that is %s is changed in its record, with one event, and a second time nothing happens',
    async (status) => {
      const { session } = await putSession(rig.redis, { status });
      const path = `/v1/sessions/${session.id}/network`;
      const allow = ['api.example.com', 'tcp://db.example.com:5432'];
      for (let time = 0; time < 2; time++) {
        expect(await rig.call('PATCH', path, { body: { allow } })).toMatchObject({ status: 200, body: { status } });
      }
      expect((await readSession(rig.redis, session.id))?.request.network).toEqual({ allow });
      const changes = (await eventsOf(rig.redis, session.id, '0')).filter(({ type }) => type === 'network_changed');
      expect(changes.map(({ detail }) => detail)).toEqual([{ allow, added: allow, removed: [] }]);
    },
  );

  test('with a rule that is none is refused, naming it, and nothing is changed', async () => {
    const { session } = await putSession(rig.redis, { status: 'running' });
    const path = `/v1/sessions/${session.id}/network`;
    expect(await rig.call('PATCH', path, { body: { allow: 'x' } })).toMatchObject({ status: 422 });
    expect(await rig.call('PATCH', path, { body: {} })).toMatchObject({ status: 422 });
    expect(await rig.call('PATCH', path, { body: { allow: ['a.example.com', 'tcp://b.example.com'] } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'allow[1]', message: expect.stringContaining('name its port') }] },
    });
    expect((await readSession(rig.redis, session.id))?.request).toEqual(session.request);
  });

  test('of what has ended is refused, and of what is not there 404', async () => {
    const { session } = await putSession(rig.redis, { status: 'failed', endedAt: inAnHour() });
    const reply = await rig.call('PATCH', `/v1/sessions/${session.id}/network`, { body: { allow: [] } });
    expect(reply).toMatchObject({ status: 409, body: { code: 'session_ended' } });
    expect((await rig.call('PATCH', '/v1/sessions/ses_none/network', { body: { allow: [] } })).status).toBe(404);
  });
});

test('the receipt is there from the beginning and tells what became of the token', async () => {
  const { session } = await putSession(rig.redis);
  expect((await rig.call('GET', `/v1/sessions/${session.id}/receipt`)).body).toMatchObject({
    sessionId: session.id,
    fingerprint: null,
    attempts: 0,
    revocationMs: null,
  });
  const { session: ended } = await putSession(
    rig.redis,
    { status: 'succeeded', endedAt: '2026-01-01T00:00:01.000Z' },
    {
      state: 'revoked',
      fingerprint: 'abcdef012345',
      attempts: 2,
      revokingAt: '2026-01-01T00:00:01.000Z',
      verifiedAt: '2026-01-01T00:00:01.250Z',
    },
  );
  expect((await rig.call('GET', `/v1/sessions/${ended.id}/receipt`)).body).toMatchObject({
    provider: 'relace',
    fingerprint: 'abcdef012345',
    attempts: 2,
    revocationMs: 250,
  });
});
