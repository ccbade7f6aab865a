import { sees, viewOf, type Caller } from '../access/caller.ts';
import { readSessions } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';

/** Who owns a session never changes, so that what was once found out is kept: so many, then anew. */
const MAX_KEPT = 10_000;

/** Tells which sessions a caller sees. */
export interface Sight {
  /** Whether it sees all there are. */
  readonly isOfAll: boolean;
  /** Those of these ids that it sees. What is forgotten is nobody's, but the operator's. */
  among(sessionIds: string[]): Promise<Set<string>>;
}

export function createSight(redis: Redis, caller: Caller): Sight {
  const known = new Map<string, boolean>();
  const isOfAll = viewOf(caller) === null;
  return {
    isOfAll,
    async among(sessionIds) {
      const ids = [...new Set(sessionIds)];
      if (isOfAll) return new Set(ids);
      if (known.size > MAX_KEPT) known.clear();
      const unknown = ids.filter((id) => !known.has(id));
      for (const session of await readSessions(redis, unknown)) known.set(session.id, sees(caller, session));
      return new Set(ids.filter((id) => known.get(id) === true));
    },
  };
}
