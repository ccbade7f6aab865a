import { expect, test } from 'vitest';
import { decideRetention, logExpiry } from '../../src/session/retention.ts';
import { aSession, aToken } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const TIMES = { sessionsMs: 20 * HOUR_MS, logsMs: 10 * HOUR_MS };
const ENDED_AT = '2026-01-01T00:00:00.000Z';
const ended = aSession({ status: 'succeeded', endedAt: ENDED_AT });
const after = (hours: number): Date => new Date(Date.parse(ENDED_AT) + hours * HOUR_MS);

test.each([
  [9.9, 'keep'],
  [10, 'remove_log'],
  [19.9, 'remove_log'],
  [20, 'forget'],
])('%s hours after its end, of a settled session: %s', (hours, wanted) => {
  const token = aToken({ state: 'revoked' });
  expect(decideRetention({ session: ended, token }, TIMES, after(hours))).toBe(wanted);
});

test('nothing goes of a session that lives, or has a token or a container left', () => {
  const late = after(1_000);
  const sandbox = { id: 'sbx_1', image: 'i', engine: 'engine-1', claimedAt: ENDED_AT, removedAt: null };
  expect(decideRetention({ session: aSession({ status: 'running' }), token: null }, TIMES, late)).toBe('keep');
  for (const state of ['active', 'revoking'] as const) {
    expect(decideRetention({ session: ended, token: aToken({ state }) }, TIMES, late)).toBe('keep');
  }
  expect(decideRetention({ session: { ...ended, sandbox }, token: null }, TIMES, late)).toBe('keep');
});

test('a log is kept for its time from the end on, and for as long as the session lives', () => {
  expect(logExpiry(ended, TIMES.logsMs)).toEqual(after(10));
  expect(logExpiry(aSession(), TIMES.logsMs)).toBeNull();
});
