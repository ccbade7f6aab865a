import { expect, test } from 'vitest';
import { whyKept } from '../../src/session/keep.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import type { TokenState } from '../../src/token/state.ts';
import { aSession, aToken } from '../support/records.ts';

const NOW = new Date('2026-01-01T00:02:00.000Z');
const ended = aSession({ status: 'failed' });

test('a session that lives is kept', () => {
  expect(whyKept({ session: aSession({ status: 'stopping' }), token: null }, NOW)).toContain('stopping');
});

test('an ended session is kept while its container is there', () => {
  const sandbox = { id: 'sbx_1', image: 'i', engine: 'engine-1', claimedAt: null, removedAt: null };
  expect(whyKept({ session: { ...ended, sandbox }, token: null }, NOW)).toContain('sbx_1');
  expect(whyKept({ session: { ...ended, sandbox: { ...sandbox, removedAt: 'x' } }, token: null }, NOW)).toBeNull();
});

test.each<[TokenState, boolean]>([
  ['intended', true],
  ['active', true],
  ['revoking', true],
  ['unknown', true],
  ['refused', false],
  ['revoked', false],
  ['expired', false],
])('an ended session with a token that is %s: kept is %s', (state, kept) => {
  expect(whyKept({ session: ended, token: aToken({ state }) }, NOW) !== null).toBe(kept);
});

test('a token of unknown fate is forgotten once its time is over, by whichever clock', () => {
  const reason = (over: Partial<TokenRecord>, now: string) =>
    whyKept({ session: ended, token: aToken({ state: 'unknown', ttlSeconds: 180, ...over }) }, new Date(now));
  expect(reason({}, '2026-01-01T00:03:59.999Z')).toContain('until 2026-01-01T00:04:00.000Z');
  expect(reason({}, '2026-01-01T00:04:00.000Z')).toBeNull();
  // It was asked for a while after it was intended, and lives as much longer.
  const expiresAt = '2026-01-01T00:06:00.000Z';
  expect(reason({ expiresAt }, '2026-01-01T00:06:59.999Z')).toContain('until 2026-01-01T00:07:00.000Z');
  expect(reason({ expiresAt }, '2026-01-01T00:07:00.000Z')).toBeNull();
});
