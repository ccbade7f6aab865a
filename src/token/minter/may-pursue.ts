import type { TokenRecord } from '../record.ts';

/** A try that is overdue by this much will not be made by whoever had the token: its minter is gone. */
const ORPHANED_AFTER_MS = 30_000;

/** Nobody waits for so long: the clock of whoever wrote it is wrong, or it was written by nobody. */
const NEVER_AHEAD_BY_MS = 120_000;

export interface PursuitFacts {
  /** It is in this minter's spool, or was minted by it. */
  held: boolean;
  /** This minter was asked for it, rather than came across it. */
  asked: boolean;
  /** The `nextTryAt` that this minter has written; null when it has written none. */
  ownNextTryAt: string | null;
}

/**
 * Whether this minter is to try to delete a token that is due. Several may do so at once without harm, but the minters of
 * many hosts must not all knock for every token. So it is for the one that holds it; for the one that is asked, while
 * nobody has tried yet; and for any, once the next try is long overdue, or further ahead than
 * any. Pure.
 */
export function mayPursue(
  token: Pick<TokenRecord, 'nextTryAt' | 'revokingAt' | 'intendedAt'>,
  { held, asked, ownNextTryAt }: PursuitFacts,
  nowMs: number,
): boolean {
  if (held) return true;
  if (!token.nextTryAt && asked) return true;
  if (token.nextTryAt && token.nextTryAt === ownNextTryAt) return true;
  const dueMs = Date.parse(token.nextTryAt ?? token.revokingAt ?? token.intendedAt);
  return dueMs + ORPHANED_AFTER_MS < nowMs || dueMs - NEVER_AHEAD_BY_MS > nowMs;
}

/** For how long a minter that does not hold a token takes it, so that the next one leaves it alone. */
export function claimUntil(nowMs: number): string {
  return new Date(nowMs + ORPHANED_AFTER_MS).toISOString();
}
