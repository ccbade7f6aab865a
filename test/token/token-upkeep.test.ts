import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../src/session/record.ts';
import { SESSION_STATUSES, isEnded } from '../../src/session/status.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import { TOKEN_STATES, type TokenState } from '../../src/token/state.ts';
import { decideTokenUpkeep, dueSinceMs, type TokenUpkeep } from '../../src/token/token-upkeep.ts';
import { aSession, aToken } from '../support/records.ts';

const now = Date.parse('2026-01-01T01:00:00.000Z');
const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString();
const decide = (session: SessionRecord | null, token: Partial<TokenRecord>) =>
  decideTokenUpkeep({ session, token: aToken(token) }, now);

/** Every relation that a session can have to a token, by what it means for the token. */
const SESSIONS: Record<string, { session: SessionRecord | null; current: boolean; inTime: boolean }> = {
  'no session': { session: null, current: false, inTime: true },
};
for (const status of SESSION_STATUSES) {
  for (const tokenId of ['tok_test', 'tok_other']) {
    for (const [when, deadlineAt] of Object.entries({ early: at(1), grace: at(-9), late: at(-10), open: null })) {
      const session = aSession({ status, tokenId, deadlineAt });
      const current = tokenId === 'tok_test' && !isEnded(status);
      SESSIONS[`${status}, holds ${tokenId}, ${when}`] = { session, current, inTime: when !== 'late' };
    }
  }
}

/** What a token's own line can say of time. */
const LINES: Record<string, Partial<TokenRecord>> = {};
for (const intended of [-5, -61]) {
  for (const asked of [null, -5, -61]) {
    for (const expires of [null, -59, -61]) {
      LINES[`intended ${intended} s, asked ${asked} s, expires ${expires} s`] = {
        intendedAt: at(intended),
        askedAt: asked === null ? null : at(asked),
        expiresAt: expires === null ? null : at(expires),
      };
    }
  }
}

/** The law, said once more and another way than in the code. */
const LAW: Record<
  TokenState,
  (facts: { current: boolean; inTime: boolean; line: Partial<TokenRecord> }) => TokenUpkeep
> = {
  intended: ({ current, line: { askedAt, intendedAt } }) => {
    if (askedAt === at(-61)) return 'give_up';
    return !askedAt && intendedAt === at(-61) && !current ? 'give_up' : 'nothing';
  },
  active: ({ current, inTime }) => (current && inTime ? 'nothing' : 'revoke'),
  revoking: () => 'revoke',
  unknown: ({ line: { expiresAt, intendedAt } }) => ((expiresAt ?? intendedAt) === at(-61) ? 'expire' : 'nothing'),
  refused: () => 'nothing',
  revoked: () => 'nothing',
  expired: () => 'nothing',
};

describe('the law of the ledger', () => {
  it.each(TOKEN_STATES)('holds for a token that is %s, whatever its session and whatever the time', (state) => {
    for (const [whose, { session, current, inTime }] of Object.entries(SESSIONS)) {
      for (const [when, line] of Object.entries(LINES)) {
        const expected = LAW[state]({ current, inTime, line });
        expect(decide(session, { ...line, state }), `${whose}; ${when}`).toBe(expected);
      }
    }
  });

  it.each<[string, Partial<SessionRecord> | null, Partial<TokenRecord>, string | null]>([
    ['it is legal', { tokenId: 'tok_test', deadlineAt: at(1) }, { state: 'active' }, null],
    ['it is due already', null, { state: 'revoking', revokingAt: at(-7) }, at(-7)],
    ['its session has its grace', { tokenId: 'tok_test', deadlineAt: at(-9) }, { state: 'active' }, null],
    ['the grace is over', { tokenId: 'tok_test', deadlineAt: at(-19) }, { state: 'active' }, at(-9)],
    [
      'its session has ended early',
      { status: 'failed', endedAt: at(-5), deadlineAt: at(50) },
      { state: 'active' },
      at(-5),
    ],
    ['its session is forgotten', null, { state: 'active', mintedAt: at(-90) }, at(-90)],
  ])('knows since when a token should be gone, when %s', (_why, session, token, since) => {
    const facts = { session: session && aSession(session), token: aToken(token) };
    expect(dueSinceMs(facts, now)).toBe(since && Date.parse(since));
  });

  it('has nothing to do where there is no token', () => {
    expect(decideTokenUpkeep({ session: aSession(), token: null }, now)).toBe('nothing');
  });
});
