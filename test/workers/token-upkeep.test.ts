import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../src/session/record.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import { decideTokenUpkeep } from '../../workers/token-upkeep.ts';
import { aSession, aToken } from '../support/records.ts';

const now = Date.parse('2026-01-01T01:00:00.000Z');
const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString();
const running = (over: Partial<SessionRecord> = {}): SessionRecord =>
  aSession({ status: 'running', tokenId: 'tok_test', deadlineAt: at(60), ...over });
const decide = (session: SessionRecord | null, token: Partial<TokenRecord>) =>
  decideTokenUpkeep({ session, token: aToken(token) }, now);

describe('the law of the ledger', () => {
  it('leaves the current token of a living session alone', () => {
    expect(decide(running(), { state: 'active' })).toBe('nothing');
  });

  it.each([
    ['its session has ended', running({ status: 'succeeded' })],
    ['its session is past the deadline', running({ deadlineAt: at(-1) })],
    ['its session has another token', running({ tokenId: 'tok_other' })],
    ['its session is not known any more', null],
  ])('has an active token deleted when %s', (_reason, session) => {
    expect(decide(session, { state: 'active' })).toBe('revoke');
  });

  it('goes on with a deletion, whatever became of the session', () => {
    expect(decide(running(), { state: 'revoking' })).toBe('revoke');
  });

  it('waits for a minting, and gives up an intent that nobody will answer', () => {
    expect(decide(running(), { state: 'intended', intendedAt: at(-600) })).toBe('nothing');
    expect(decide(running({ status: 'failed' }), { state: 'intended', intendedAt: at(-5) })).toBe('nothing');
    expect(decide(running({ status: 'failed' }), { state: 'intended', intendedAt: at(-61) })).toBe('give_up');
  });

  it('waits out a token that nobody can name', () => {
    expect(decide(null, { state: 'unknown', expiresAt: at(-59) })).toBe('nothing');
    expect(decide(null, { state: 'unknown', expiresAt: at(-61) })).toBe('expire');
  });

  it.each(['refused', 'revoked', 'expired'] as const)('has nothing to do with a token that is %s', (state) => {
    expect(decide(null, { state })).toBe('nothing');
  });
});
