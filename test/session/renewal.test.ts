import { describe, expect, test } from 'vitest';
import { decideSwitch, isRenewalDue, withNextToken } from '../../src/session/renewal.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { mayHold } from '../../src/token/holder.ts';
import { decideTokenUpkeep } from '../../src/token/token-upkeep.ts';
import { aSession, aToken } from '../support/records.ts';

const at = (seconds: number): Date => new Date(Date.parse('2026-01-01T00:00:00.000Z') + seconds * 1000);
const time = (seconds: number): string => at(seconds).toISOString();

function byGateway(over: Partial<SessionRecord> = {}): SessionRecord {
  const { request } = aSession();
  const running = { status: 'running', deadlineAt: time(1000), tokenId: 'tok_a' } as const;
  return aSession({ ...running, request: { ...request, credentials: { delivery: 'gateway' } }, ...over });
}

const first = aToken({ id: 'tok_a', state: 'active', mintedAt: time(0), expiresAt: time(300) });

describe('a renewal', () => {
  test.each([
    ['in the first two thirds of its life', byGateway(), 199, false],
    ['in the last third', byGateway(), 200, true],
    ['where it lasts as long as the session', byGateway({ deadlineAt: time(280) }), 250, false],
    ['where only the grace of the session is longer', byGateway({ deadlineAt: time(295) }), 250, true],
    ['once the session has ended', byGateway({ status: 'stopped' }), 250, false],
    [
      'where the token is to go at once',
      byGateway({ stop: { requestedAt: time(1), graceSeconds: 1, revoke: 'now' } }),
      250,
      false,
    ],
    ['where the token is in the sandbox', byGateway({ request: aSession().request }), 250, false],
  ])('of a token %s', (_when, session, seconds, due) => {
    expect(isRenewalDue(session, first, 10_000, at(seconds).getTime())).toBe(due);
  });

  test('names the next token at once, and the one before after the switch', () => {
    const intended = withNextToken(byGateway({ formerTokenIds: ['tok_lost'] }), 'tok_b');
    expect(intended).toMatchObject({ tokenId: 'tok_a', nextTokenId: 'tok_b', formerTokenIds: ['tok_lost', 'tok_b'] });
    const { session, token } = decideSwitch(intended, first, 'tok_b', at(200)) ?? {};
    expect(session).toMatchObject({ tokenId: 'tok_b', formerTokenIds: ['tok_lost', 'tok_a'] });
    expect(session).not.toHaveProperty('nextTokenId');
    expect(token).toMatchObject({ id: 'tok_a', state: 'active', retiresAt: time(260) });
    expect(decideSwitch(session!, first, 'tok_b', at(201))).toBeNull();
  });

  test('leaves the one before no longer than it lives', () => {
    const intended = withNextToken(byGateway(), 'tok_b');
    expect(decideSwitch(intended, first, 'tok_b', at(290))?.token?.retiresAt).toBe(time(300));
  });
});

describe('the law', () => {
  const intended = withNextToken(byGateway(), 'tok_b');
  const { session: switched, token: retiring } = decideSwitch(intended, first, 'tok_b', at(200)) ?? {};
  const next = aToken({ id: 'tok_b', state: 'active', mintedAt: time(199), expiresAt: time(499) });
  const law = (session: SessionRecord, token: typeof next, seconds: number): string =>
    decideTokenUpkeep({ session, token }, at(seconds).getTime());

  test('lets a session have the token that is to follow, and the one before for a minute', () => {
    expect(law(intended, next, 200)).toBe('nothing');
    expect(law(switched!, retiring!, 259)).toBe('nothing');
    expect(law(switched!, retiring!, 261)).toBe('revoke');
    expect(law(switched!, next, 261)).toBe('nothing');
  });

  test('wants all of them gone with the session, and the others at once where the token goes first', () => {
    for (const token of [retiring!, next]) {
      expect(law({ ...switched!, status: 'stopped' }, token, 210)).toBe('revoke');
      expect(law(switched!, token, 1010)).toBe('revoke');
    }
    const stopped = { ...switched!, stop: { requestedAt: time(205), graceSeconds: 1, revoke: 'now' as const } };
    expect(law(stopped, retiring!, 210)).toBe('revoke');
    expect(mayHold({ ...intended, stop: stopped.stop }, next, at(210).getTime())).toBe(false);
  });

  test('wants one gone that was to follow and was given up', () => {
    expect(law(withNextToken(intended, 'tok_c'), next, 200)).toBe('revoke');
  });
});
