import { SESSION_STATUSES } from '../session/status.ts';
import { countSessions, countTokens, listTokens } from '../store/listing.ts';
import type { Redis } from '../store/redis.ts';
import { TOKEN_STATES } from '../token/state.ts';
import type { Stats } from './schemas/operations.ts';

/** More tokens than this on their way out, and the age of the oldest is that of the oldest among the latest so many. */
const DEBT_LOOKED_AT = 10_000;

export type StoreStats = Omit<Stats, 'queue'>;

/** What there is in the store, now. */
export async function storeStats(redis: Redis, now: Date): Promise<StoreStats> {
  const [sessions, tokens, revoking] = await Promise.all([
    tally(SESSION_STATUSES, (status) => countSessions(redis, status)),
    tally(TOKEN_STATES, (state) => countTokens(redis, state)),
    listTokens(redis, { state: 'revoking', limit: DEBT_LOOKED_AT, cursor: null }),
  ]);
  const since = revoking.items.map(({ revokingAt, intendedAt }) => Date.parse(revokingAt ?? intendedAt));
  const oldest = since.length === 0 ? null : since.reduce((a, b) => Math.min(a, b));
  const oldestSeconds = oldest === null ? null : Math.max(0, (now.getTime() - oldest) / 1_000);
  return { sessions, tokens, revocationDebt: { count: tokens.revoking, oldestSeconds } };
}

async function tally<Name extends string>(
  names: Name[],
  count: (name: Name) => Promise<number>,
): Promise<Record<Name, number>> {
  const entries = await Promise.all(names.map(async (name) => [name, await count(name)] as const));
  return Object.fromEntries(entries) as Record<Name, number>;
}
