import { graceEndMs } from '../session/deadline.ts';
import type { SessionRecord } from '../session/record.ts';
import { mayHold } from './holder.ts';
import type { TokenRecord } from './record.ts';

/** A token, and the session that it was minted for. */
interface TokenFacts {
  session: SessionRecord | null;
  token: TokenRecord | null;
}

/** What a token of the ledger needs from whoever looks after it. */
export type TokenUpkeep = 'nothing' | 'revoke' | 'give_up' | 'expire';

/** No minting takes this long: one that was asked for earlier will never be answered. */
const INTENT_STALE_AFTER_MS = 60_000;
/** Clocks of ours and the provider's may differ by this much. */
export const CLOCK_SKEW_MS = 60_000;

/**
 * The law of the ledger: a token is legal exactly when its session has not ended, it is that session's current one (or
 * the next, or for a moment the one before: see `mayHold`), and the deadline's grace is not over. Everything else is to be
 * deleted; what nobody can delete is waited out. Pure.
 */
export function decideTokenUpkeep({ session, token }: TokenFacts, nowMs: number): TokenUpkeep {
  if (token === null) return 'nothing';
  const current = mayHold(session, token, nowMs);
  const inTime = (graceOf(session) ?? Infinity) > nowMs;
  switch (token.state) {
    case 'intended':
      return isStale(token, current, nowMs) ? 'give_up' : 'nothing';
    case 'active':
      return current && inTime ? 'nothing' : 'revoke';
    case 'revoking':
      return 'revoke';
    case 'unknown':
      return Date.parse(token.expiresAt ?? token.intendedAt) + CLOCK_SKEW_MS < nowMs ? 'expire' : 'nothing';
    case 'refused':
    case 'revoked':
    case 'expired':
      return 'nothing';
  }
}

/**
 * Since when a token should be gone, in ms since 1970; null while it may live. Of one that is illegal for another reason
 * than an end or the deadline's grace, nobody knows since when: then it is since it was minted. Pure.
 */
export function dueSinceMs({ session, token }: TokenFacts & { token: TokenRecord }, nowMs: number): number | null {
  if (decideTokenUpkeep({ session, token }, nowMs) !== 'revoke') return null;
  if (token.state === 'revoking') return Date.parse(token.revokingAt ?? token.intendedAt);
  const ends = [Date.parse(session?.endedAt ?? ''), graceOf(session) ?? NaN].filter((ms) => ms <= nowMs);
  return ends.length > 0 ? Math.min(...ends) : Date.parse(token.mintedAt ?? token.intendedAt);
}

function graceOf(session: SessionRecord | null): number | null {
  return session === null ? null : graceEndMs(session);
}

/** Whether an intent will come to nothing: it was asked for long ago, or nobody will ask for it any more. */
function isStale({ askedAt, intendedAt }: TokenRecord, current: boolean, nowMs: number): boolean {
  // One that nobody asked for yet may wait for its worker as long as its session can still hold it.
  if (!askedAt && current) return false;
  return nowMs - Date.parse(askedAt ?? intendedAt) > INTENT_STALE_AFTER_MS;
}
