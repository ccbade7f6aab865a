import { Refusal } from '../errors.ts';
import { isEnded, SESSION_STATUSES } from '../session/status.ts';
import type { Bound } from '../store/commit.ts';
import { keys } from '../store/keys.ts';
import { countSessions } from '../store/listing.ts';
import type { Redis } from '../store/redis.ts';

/** In the order in which a session moves. */
export const OPEN = SESSION_STATUSES.filter((status) => !isEnded(status));
/** Sessions end when they like; asking again sooner is seldom worth it. */
const RETRY_AFTER_SECONDS = 5;

/** That a key has fewer sessions than this which have not ended, those that wait included. */
export function openSessions(keyId: string, below: number): Bound {
  return { sets: OPEN.map((status) => keys.ofKey(keyId).sessionsByStatus(status)), below };
}

/** How many sessions of a key have not ended. */
export async function countOpen(redis: Redis, keyId: string): Promise<number> {
  const counts = await Promise.all(OPEN.map((status) => countSessions(redis, status, keyId)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Throws `too_many_sessions` where that does not hold now. */
export async function requireRoom(redis: Redis, keyId: string, limit: number): Promise<void> {
  const open = await countOpen(redis, keyId);
  if (open < limit) return;
  throw new Refusal(
    'too_many_sessions',
    `This API key has ${open} sessions that have not ended, and may have ${limit}. Wait for one to end, or stop one.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
