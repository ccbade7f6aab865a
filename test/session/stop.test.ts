import { describe, expect, test } from 'vitest';
import { decideKill } from '../../src/session/kill-switch.ts';
import { decideStop } from '../../src/session/stop.ts';
import { SESSION_STATUSES, isEnded } from '../../src/session/status.ts';
import { aSession, aToken } from '../support/records.ts';

const NOW = new Date('2026-01-01T00:01:00.000Z');
const after = { graceSeconds: 10, revoke: 'after' } as const;
const now = { graceSeconds: 10, revoke: 'now' } as const;

describe('stopping', () => {
  test('a queued session ends it', () => {
    const decision = decideStop({ session: aSession(), token: null }, after, NOW);
    expect(decision?.session).toMatchObject({ status: 'stopped', endedAt: NOW.toISOString() });
  });

  test('a queued session whose token is active already has it revoked too', () => {
    const decision = decideStop({ session: aSession(), token: aToken({ state: 'active' }) }, after, NOW);
    expect(decision?.token).toMatchObject({ state: 'revoking', revokingAt: NOW.toISOString() });
  });

  test.each(['starting', 'running', 'stopping'] as const)('a %s session leaves its status to its worker', (status) => {
    const decision = decideStop({ session: aSession({ status }), token: aToken({ state: 'active' }) }, after, NOW);
    expect(decision?.session).toMatchObject({ status, stop: { requestedAt: NOW.toISOString(), ...after } });
    expect(decision?.token).toBeUndefined();
  });

  test.each(SESSION_STATUSES.filter(isEnded))('a session that has %s changes nothing', (status) => {
    expect(decideStop({ session: aSession({ status }), token: aToken({ state: 'active' }) }, now, NOW)).toBeNull();
  });

  test('again with the same wish changes nothing', () => {
    const session = aSession({ status: 'running', stop: { requestedAt: NOW.toISOString(), ...now } });
    expect(decideStop({ session, token: aToken({ state: 'revoking' }) }, now, NOW)).toBeNull();
  });

  test('again hastens the end, counted from the first stop, and never delays it', () => {
    const first = { requestedAt: '2026-01-01T00:00:40.000Z', graceSeconds: 120, revoke: 'after' as const };
    const session = aSession({ status: 'running', stop: first });
    const sooner = decideStop({ session, token: null }, { graceSeconds: 5, revoke: 'after' }, NOW);
    expect(sooner?.session?.stop).toEqual({ ...first, graceSeconds: 25 });
    expect(decideStop({ session, token: null }, { graceSeconds: 500, revoke: 'after' }, NOW)).toBeNull();
  });

  test('again does not take back that the token goes first', () => {
    const session = aSession({ status: 'running', stop: { requestedAt: NOW.toISOString(), ...now } });
    const decision = decideStop({ session, token: null }, { graceSeconds: 0, revoke: 'after' }, NOW);
    expect(decision?.session?.stop).toMatchObject({ graceSeconds: 0, revoke: 'now' });
  });
});

describe('the kill switch', () => {
  test('stops the session that lives by the token', () => {
    const session = aSession({ status: 'running', tokenId: 'tok_test' });
    const decision = decideKill(session, aToken({ state: 'active' }), NOW);
    expect(decision?.session?.stop).toMatchObject({ revoke: 'now' });
    expect(decision?.token?.state).toBe('revoking');
  });

  test("takes a session's earlier token and leaves the session alone", () => {
    const session = aSession({ status: 'running', tokenId: 'tok_other' });
    const decision = decideKill(session, aToken({ state: 'active' }), NOW);
    expect(decision?.session).toBeUndefined();
    expect(decision?.token?.state).toBe('revoking');
  });

  test('takes a token that outlived its session', () => {
    const session = aSession({ status: 'failed', tokenId: 'tok_test' });
    expect(decideKill(session, aToken({ state: 'active' }), NOW)?.token?.state).toBe('revoking');
  });

  test.each(['revoking', 'revoked', 'expired', 'refused', 'unknown'] as const)(
    'leaves a %s token as it is',
    (state) => {
      expect(decideKill(null, aToken({ state }), NOW)).toBeNull();
    },
  );
});
