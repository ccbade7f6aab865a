import { expect, test } from 'vitest';
import { decideExtend } from '../../src/session/extend.ts';
import { aSession, aToken } from '../support/records.ts';

const NOW = new Date('2026-01-01T00:10:00.000Z');
const DEADLINE = '2026-01-01T00:11:00.000Z';
const running = aSession({ status: 'running', startedAt: '2026-01-01T00:00:00.000Z', deadlineAt: DEADLINE });

test('a running session gets its time from now', () => {
  const token = aToken({ state: 'active', expiresAt: '2026-01-01T01:00:00.000Z' });
  const { session, events } = decideExtend({ session: running, token }, 600, NOW);
  expect(session?.deadlineAt).toBe('2026-01-01T00:20:00.000Z');
  expect(events).toEqual([
    { type: 'extended', detail: { timeoutSeconds: 600, deadlineAt: '2026-01-01T00:20:00.000Z' } },
  ]);
});

test('the deadline may be the very end of the token and not a second later', () => {
  const token = aToken({ state: 'active', expiresAt: '2026-01-01T00:20:00.000Z' });
  expect(decideExtend({ session: running, token }, 600, NOW).session?.deadlineAt).toBe(token.expiresAt);
  expect(() => decideExtend({ session: running, token }, 601, NOW)).toThrow(/lives until 2026-01-01T00:20/);
});

test('a token that is with the gateway sets no end, as it is renewed', () => {
  const request = { ...running.request, credentials: { delivery: 'gateway' as const } };
  const token = aToken({ state: 'active', expiresAt: '2026-01-01T00:20:00.000Z' });
  const { session } = decideExtend({ session: { ...running, request }, token }, 3_600, NOW);
  expect(session?.deadlineAt).toBe('2026-01-01T01:10:00.000Z');
  expect(decideExtend({ session: aSession({ request }), token: null }, 3_600, NOW).session).toBeDefined();
});

test('before the token is there, the longest time asked for counts from the start', () => {
  expect(() => decideExtend({ session: running, token: null }, 60, NOW)).toThrow(
    expect.objectContaining({ code: 'beyond_token_lifetime' }),
  );
});

test('a session without a deadline gets another time to run, within what it asked for', () => {
  const waiting = aSession();
  expect(decideExtend({ session: waiting, token: null }, 30, NOW).session?.request.timeoutSeconds).toBe(30);
  expect(() => decideExtend({ session: waiting, token: null }, 61, NOW)).toThrow(/lives 60 seconds/);
});

test('what has ended or is being stopped is not extended', () => {
  const stop = { requestedAt: DEADLINE, graceSeconds: 1, revoke: 'after' as const };
  for (const session of [aSession({ status: 'timed_out' }), { ...running, stop }]) {
    expect(() => decideExtend({ session, token: null }, 1, NOW)).toThrow(
      expect.objectContaining({ code: 'session_ended' }),
    );
  }
});
