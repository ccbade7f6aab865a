import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SessionEvent } from '../../src/session/event.ts';
import { change } from '../../src/store/records.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { openSse } from '../support/sse-client.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

const ENDED_AT = '2026-01-01T00:00:00.000Z';

test("a session's events are listed oldest first, and page by page", async () => {
  const { session } = await putSession(rig.redis);
  await rig.call('POST', `/v1/sessions/${session.id}/stop`);
  const path = `/v1/sessions/${session.id}/events`;
  const all = (await rig.call('GET', path)).body as { data: SessionEvent[]; nextCursor: string | null };
  expect(all.data.map(({ type }) => type)).toEqual(['accepted', 'stop_requested', 'ended']);
  expect(all.nextCursor).toBeNull();
  const first = (await rig.call('GET', `${path}?limit=1`)).body as typeof all;
  expect(first.data).toEqual(all.data.slice(0, 1));
  expect((await rig.call('GET', `${path}?cursor=${first.nextCursor}`)).body).toMatchObject({ data: all.data.slice(1) });
});

test('followed, they go on past the end until the token is gone, and can be resumed', async () => {
  const { session, token } = await putSession(rig.redis, { status: 'running' }, { state: 'revoking' });
  const url = `${rig.api.url}/v1/sessions/${session.id}/events`;
  using stream = await openSse(url, rig.authorization);
  const accepted = await stream.next();
  expect(accepted?.data).toMatchObject({ id: accepted?.id, sessionId: session.id, type: 'accepted', detail: {} });
  await moveSession(rig.redis, session.id, { status: 'succeeded', endedAt: ENDED_AT });
  expect(await stream.next()).toMatchObject({ data: { type: 'ended' } });
  await change(rig.redis, { sessionId: session.id, tokenId: token?.id ?? null }, (view) =>
    view.token === null
      ? null
      : { token: { ...view.token, state: 'revoked' }, events: [{ type: 'token_revoked', detail: { attempts: 1 } }] },
  );
  expect(await stream.next()).toMatchObject({ data: { type: 'token_revoked', detail: { attempts: 1 } } });
  const end = await stream.next();
  expect(end).toMatchObject({ event: 'end' });
  expect(await stream.next()).toBeNull();
  const past = { headers: { accept: 'text/event-stream', 'last-event-id': end?.id ?? '' } };
  expect((await rig.call('GET', url.slice(rig.api.url.length), past)).status).toBe(204);
  using resumed = await openSse(url, { ...rig.authorization, 'last-event-id': accepted?.id ?? '' });
  expect(await resumed.next()).toMatchObject({ data: { type: 'ended' } });
});

test('the lives of all sessions come from now on, or from the event that is named', async () => {
  await putSession(rig.redis, { id: 'ses_before' });
  using stream = await openSse(`${rig.api.url}/v1/events`, rig.authorization);
  await putSession(rig.redis, { id: 'ses_one' });
  await putSession(rig.redis, { id: 'ses_two' });
  const one = await stream.next();
  expect(one?.data).toMatchObject({ sessionId: 'ses_one' });
  expect((await stream.next())?.data).toMatchObject({ sessionId: 'ses_two' });
  using resumed = await openSse(`${rig.api.url}/v1/events`, { ...rig.authorization, 'last-event-id': one?.id ?? '' });
  expect((await resumed.next())?.data).toMatchObject({ sessionId: 'ses_two' });
});

test('HEAD of a stream is answered at once', async () => {
  const reply = await rig.call('HEAD', '/v1/events');
  expect(reply.status).toBe(200);
  expect(reply.headers.get('content-type')).toBe('text/event-stream');
});
