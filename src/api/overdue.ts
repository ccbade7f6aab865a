import { overdueSessions } from '../store/overdue-sessions.ts';
import type { Redis } from '../store/redis.ts';

/** Sessions past their deadline and grace that are not final: a law is broken by each. */
export interface Overdue {
  count: number;
  /** How long the grace of the oldest of them has been over; null when there is none. */
  oldestSeconds: number | null;
  alarm: boolean;
}

/** Of all sessions, or of one API key's. */
export async function overdue(redis: Redis, { now, keyId }: { now: Date; keyId: string | null }): Promise<Overdue> {
  const found = await overdueSessions(redis, now, keyId);
  if (found.length === 0) return { count: 0, oldestSeconds: null, alarm: false };
  const oldest = found.reduce((least, { sinceMs }) => Math.min(least, sinceMs), Infinity);
  return { count: found.length, oldestSeconds: Math.max(0, (now.getTime() - oldest) / 1_000), alarm: true };
}
