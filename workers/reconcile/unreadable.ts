import { describe } from '../../src/errors.ts';
import { idOfEntry, keys } from '../../src/store/keys.ts';
import { endAtLast } from '../../src/store/last-resort.ts';
import { mendToken } from '../../src/store/mend-token.ts';
import { parseNamedToken, parseSession, readProblem } from '../../src/store/parse-record.ts';
import type { Redis } from '../../src/store/redis.ts';
import { readAllStored, readStored, type Stored } from '../../src/store/stored.ts';
import type { WorkerDeps } from '../deps.ts';

const CHUNK = 200;
const MEND_ALL_EVERY_MS = 60 * 60_000;

/**
 * Makes the record of a session readable where it is not: what can be read of it stays, and it has ended, if it had not
 * before, with `internal_error`. True when there was something to do. Safe to repeat, also by several workers at once.
 */
export async function makeReadable(redis: Redis, sessionId: string): Promise<boolean> {
  const stored = await readStored(redis, keys.session(sessionId));
  const problem = readProblem(() => parseSession(sessionId, stored));
  if (problem === null) return false;
  const failure = { code: 'internal_error', message: describe(problem), step: 'read' } as const;
  await endAtLast(redis, sessionId, { failure, mayEnd: () => false });
  return true;
}

/**
 * Mends every listed session and every line of the ledger, those too that are over: no other part of the reconciler looks at
 * them. What goes on is looked at every few seconds. Reading all of them is costly, so this is done once in an hour.
 */
export function createMender(): (deps: Mending) => Promise<void> {
  let doneMs = -Infinity;
  return async (deps) => {
    if (performance.now() - doneMs < MEND_ALL_EVERY_MS) return;
    await mendAll(deps);
    doneMs = performance.now();
  };
}

type Mending = Pick<WorkerDeps, 'redis' | 'log'>;

async function mendAll({ redis, log }: Mending): Promise<void> {
  const each = async (id: string, work: Promise<boolean>): Promise<void> => {
    try {
      if (await work) log.warn({ id }, 'a record could not be read; it is mended');
    } catch (error) {
      log.warn({ id, err: error }, 'a record cannot be mended; it is tried again');
    }
  };
  await eachUnreadable(redis, SESSIONS, (id) => each(id, makeReadable(redis, id)));
  await eachUnreadable(redis, TOKENS, (id) => each(id, mendToken(redis, id)));
}

/** Records of one kind: where they are listed, under which keys they are, and what reads them. */
interface Kind {
  index: string;
  keyOf: (id: string) => string;
  parse: (id: string, stored: Stored) => unknown;
}

const SESSIONS: Kind = { index: keys.sessions, keyOf: keys.session, parse: parseSession };
const TOKENS: Kind = { index: keys.tokens, keyOf: keys.token, parse: parseNamedToken };

async function eachUnreadable(
  redis: Redis,
  { index, keyOf, parse }: Kind,
  work: (id: string) => Promise<void>,
): Promise<void> {
  for (let after = '-'; ;) {
    const entries = await redis.zrange(index, after, '+', 'BYLEX', 'LIMIT', 0, CHUNK);
    if (entries.length === 0) return;
    const ids = entries.map(idOfEntry);
    const stored = await readAllStored(redis, ids.map(keyOf));
    const unreadable = ids.filter((id, i) => readProblem(() => parse(id, stored[i] ?? null)) !== null);
    for (const id of unreadable) await work(id);
    after = `(${entries.at(-1) ?? ''}`;
  }
}
