import type { SessionRecord } from '../session/record.ts';
import type { Effect } from './commit.ts';
import { idOfEntry, indexEntry, keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** `sessions`: all that have ended; `logs`: those of them whose log was not removed yet. */
export type EndedIndex = 'sessions' | 'logs';

interface EndedSession {
  sessionId: string;
  endedAt: string;
  /** Where a later call goes on behind. */
  entry: string;
}

/** Sessions that ended before a time, the earliest first. */
export async function endedBefore(
  redis: Redis,
  index: EndedIndex,
  { cutoff, after, limit }: { cutoff: Date; after: string | null; limit: number },
): Promise<EndedSession[]> {
  const from = after === null ? '-' : `(${after}`;
  const to = `(${cutoff.toISOString()}`;
  const entries = await redis.zrange(keys.ended(index), from, to, 'BYLEX', 'LIMIT', 0, limit);
  return entries.map((entry) => ({
    sessionId: idOfEntry(entry),
    endedAt: entry.slice(0, entry.indexOf(' ')),
    entry,
  }));
}

export async function logRemoved(redis: Redis, sessionId: string, endedAt: string): Promise<void> {
  await redis.zrem(keys.ended('logs'), indexEntry(endedAt, sessionId));
}

/** What puts a session into the indexes when it ends. */
export function endedEffects(before: SessionRecord | null, { id, endedAt }: SessionRecord): Effect[] {
  if (endedAt === null || before?.endedAt === endedAt) return [];
  const entry = indexEntry(endedAt, id);
  return (['sessions', 'logs'] as const).map((index): Effect => ['ZADD', keys.ended(index), 0, entry]);
}

/** What takes a session out of them. */
export function forgetEndedEffects({ id, endedAt }: SessionRecord): Effect[] {
  if (endedAt === null) return [];
  const entry = indexEntry(endedAt, id);
  return (['sessions', 'logs'] as const).map((index): Effect => ['ZREM', keys.ended(index), entry]);
}
