import { describe } from '../../src/errors.ts';
import { idOfEntry, keys } from '../../src/store/keys.ts';
import { endAtLast } from '../../src/store/last-resort.ts';
import { parseSession, UnreadableRecord } from '../../src/store/parse-record.ts';
import type { Redis } from '../../src/store/redis.ts';
import type { WorkerDeps } from '../deps.ts';

const CHUNK = 200;

/**
 * Makes the record of a session readable where it is not: what can be read of it stays, and it has ended, if it had not
 * before, with `internal_error`. True when there was something to do. Safe to repeat, also by several workers at once.
 */
export async function makeReadable(redis: Redis, sessionId: string): Promise<boolean> {
  const problem = problemOf(sessionId, await redis.get(keys.session(sessionId)));
  if (problem === null) return false;
  const failure = { code: 'internal_error', message: describe(problem), step: 'read' } as const;
  await endAtLast(redis, sessionId, { failure, mayEnd: () => false });
  return true;
}

/**
 * Every listed session, once in the life of a worker: what an earlier version has left unreadable of one that has ended is
 * nobody else's to look at. Those that go on are looked at all the time.
 */
export function createMender(): (deps: Pick<WorkerDeps, 'redis' | 'log'>) => Promise<void> {
  let isDone = false;
  return async ({ redis, log }) => {
    if (isDone) return;
    for (let after = '-'; ;) {
      const entries = await redis.zrange(keys.sessions, after, '+', 'BYLEX', 'LIMIT', 0, CHUNK);
      if (entries.length === 0) break;
      const ids = entries.map(idOfEntry);
      const texts = await redis.mget(ids.map((id) => keys.session(id)));
      const unreadable = ids.filter((id, i) => problemOf(id, texts[i] ?? null) !== null);
      for (const sessionId of unreadable) {
        if (await makeReadable(redis, sessionId))
          log.warn({ sessionId }, 'a record that could not be read is made readable');
      }
      after = `(${entries.at(-1) ?? ''}`;
    }
    isDone = true;
  };
}

function problemOf(sessionId: string, text: string | null): UnreadableRecord | null {
  try {
    parseSession(sessionId, text);
    return null;
  } catch (error) {
    if (error instanceof UnreadableRecord) return error;
    throw error;
  }
}
