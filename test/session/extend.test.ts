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

test('the token must last until the grace after the deadline is over, and not a second longer', () => {
  const token = aToken({ state: 'active', expiresAt: '2026-01-01T00:20:10.000Z' });
  const { session } = decideExtend({ session: running, token }, 600, NOW);
  expect(session?.deadlineAt).toBe('2026-01-01T00:20:00.000Z');
  expect(() => decideExtend({ session: running, token }, 601, NOW)).toThrow(/run until 2026-01-01T00:20:00/);
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
  expect(() => decideExtend({ session: waiting, token: null }, 61, NOW)).toThrow(/run for 60 seconds/);
});

test('what has ended, is being stopped or has reached its deadline is not extended', () => {
  const stop = { requestedAt: DEADLINE, graceSeconds: 1, revoke: 'after' as const };
  const inItsGrace = { ...running, deadlineAt: NOW.toISOString() };
  const stopping = { ...running, status: 'stopping' as const };
  for (const session of [aSession({ status: 'timed_out' }), { ...running, stop }, inItsGrace, stopping]) {
    expect(() => decideExtend({ session, token: null }, 1, NOW)).toThrow(
      expect.objectContaining({ code: 'session_ended' }),
    );
  }
});
