import { overdueSinceMs } from '../session/overdue.ts';
import { SESSION_STATUSES, isEnded } from '../session/status.ts';
import { idOfEntry, indexesOf, keys } from './keys.ts';
import { ifReadable, parseSession } from './parse-record.ts';
import type { Redis } from './redis.ts';
import { readAllStored, type Stored } from './stored.ts';

/** A session that should be final, and since when it should, in ms since 1970. */
export interface OverdueSession {
  sessionId: string;
  sinceMs: number;
}

const GOING_ON = SESSION_STATUSES.filter((status) => status !== 'queued' && !isEnded(status));
const CHUNK = 500;

/**
 * Sessions past their deadline and grace that have not ended; of one API key, if given. One whose record cannot be read has
 * no deadline that anybody could keep, so it is overdue since it was accepted.
 */
export async function overdueSessions(redis: Redis, now: Date, keyId: string | null = null): Promise<OverdueSession[]> {
  const index = indexesOf(keyId).sessionsByStatus;
  const entries = (await Promise.all(GOING_ON.map((status) => redis.zrange(index(status), '0', '-1')))).flat();
  const overdue: OverdueSession[] = [];
  for (let at = 0; at < entries.length; at += CHUNK) {
    const chunk = entries.slice(at, at + CHUNK);
    const stored = await readAllStored(
      redis,
      chunk.map((entry) => keys.session(idOfEntry(entry))),
    );
    for (const [i, entry] of chunk.entries()) {
      const sinceMs = sinceOf(entry, stored[i] ?? null, now);
      if (sinceMs !== null) overdue.push({ sessionId: idOfEntry(entry), sinceMs });
    }
  }
  return overdue;
}

function sinceOf(entry: string, stored: Stored, now: Date): number | null {
  if (stored === null) return null;
  const session = ifReadable(() => parseSession(idOfEntry(entry), stored));
  if (session === null) return Date.parse(entry.slice(0, entry.indexOf(' ')));
  return overdueSinceMs(session, now.getTime());
}
