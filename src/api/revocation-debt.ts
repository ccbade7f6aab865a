import { illegalTokens } from '../store/illegal-tokens.ts';
import { countTokens, listTokens } from '../store/listing.ts';
import type { Redis } from '../store/redis.ts';

/**
 * Tokens that are due and not gone: also those that the law has not reached yet, and those whose line cannot be read.
 */
export interface RevocationDebt {
  count: number;
  /** How long the oldest of them has been due; null when there is none. */
  oldestSeconds: number | null;
  /** It has been due for longer than the operator takes. */
  alarm: boolean;
}

/** More tokens than this on their way out, and the age of the oldest is that of the oldest among the latest so many. */
const LOOKED_AT = 10_000;

/** Of all tokens, or of one API key's. */
export async function revocationDebt(
  redis: Redis,
  { alarmSeconds, now, keyId = null }: { alarmSeconds: number; now: Date; keyId?: string | null },
): Promise<RevocationDebt> {
  const [due, revoking, illegal] = await Promise.all([
    countTokens(redis, 'revoking', keyId),
    listTokens(redis, { keyId, state: 'revoking', limit: LOOKED_AT, cursor: null }),
    illegalTokens(redis, now, keyId),
  ]);
  const count = due + illegal.due.length + illegal.unreadable;
  const since = [
    ...revoking.items.map(({ revokingAt, intendedAt }) => Date.parse(revokingAt ?? intendedAt)),
    ...illegal.due.map(({ sinceMs }) => sinceMs),
  ];
  if (since.length === 0) return { count, oldestSeconds: null, alarm: false };
  const oldest = since.reduce((a, b) => Math.min(a, b));
  const oldestSeconds = Math.max(0, (now.getTime() - oldest) / 1_000);
  return { count, oldestSeconds, alarm: oldestSeconds > alarmSeconds };
}
