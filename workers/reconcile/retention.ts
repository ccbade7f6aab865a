import { deleteLog, lastWritten, listLogs } from '../../src/logs/log-directory.ts';
import { decideRetention } from '../../src/session/retention.ts';
import { endedBefore, logRemoved, type EndedIndex } from '../../src/store/ended.ts';
import { keys } from '../../src/store/keys.ts';
import { viewMended } from '../../src/store/mend-token.ts';
import { forget } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import { makeReadable } from './unreadable.ts';

/** The most that one round looks at of each kind, so that a long absence is made up for step by step. */
const MAX_PER_ROUND = 2_000;
const CHUNK = 100;

type RetentionDeps = Pick<WorkerDeps, 'redis' | 'config' | 'log'>;

/**
 * Forgets sessions and removes logs that are not kept any more, and log directories that belong to no session. A round
 * costs what is due, not what is kept: two indexes are in the order of the sessions' ends. Several workers may do it at
 * once. Each call is one round, which goes on behind what the one before could not remove.
 */
export function createRetention(): (deps: RetentionDeps) => Promise<void> {
  const places: Record<EndedIndex, string | null> = { sessions: null, logs: null };
  let strays: string[] = [];

  return async (deps) => {
    const { keep } = deps.config;
    const now = new Date();
    places.logs = await sweep(deps, 'logs', places.logs, new Date(now.getTime() - keep.logsMs), now);
    places.sessions = await sweep(deps, 'sessions', places.sessions, new Date(now.getTime() - keep.sessionsMs), now);
    if (strays.length === 0) strays = await listLogs(deps.config.logDir);
    await inChunks(strays.splice(0, MAX_PER_ROUND), (id) => lookAfter(deps, id, () => removeStray(deps, id, now)));
  };
}

/** Returns the entry to go on behind in the next round; null for the beginning. */
async function sweep(
  deps: RetentionDeps,
  index: EndedIndex,
  after: string | null,
  cutoff: Date,
  now: Date,
): Promise<string | null> {
  const due = await endedBefore(deps.redis, index, { cutoff, after, limit: MAX_PER_ROUND });
  await inChunks(due, ({ sessionId, endedAt }) =>
    lookAfter(deps, sessionId, () => removeDue(deps, index, { sessionId, endedAt, now })),
  );
  return due.length < MAX_PER_ROUND ? null : (due.at(-1)?.entry ?? null);
}

async function removeDue(
  { redis, config }: RetentionDeps,
  index: EndedIndex,
  { sessionId, endedAt, now }: { sessionId: string; endedAt: string; now: Date },
): Promise<void> {
  await makeReadable(redis, sessionId);
  const { session, token } = await viewMended(redis, sessionId);
  if (session === null) return;
  const retention = decideRetention({ session, token }, config.keep, now);
  if (retention === 'keep' || (index === 'sessions' && retention !== 'forget')) return;
  await deleteLog(config.logDir, sessionId);
  if (index === 'sessions') await forget(redis, { session, token });
  else await logRemoved(redis, sessionId, endedAt);
}

/** A log whose session was forgotten, by a call that died or in a Redis that was lost. */
async function removeStray({ redis, config, log }: RetentionDeps, sessionId: string, now: Date): Promise<void> {
  const writtenMs = await lastWritten(config.logDir, sessionId);
  if (writtenMs === null || now.getTime() - writtenMs < config.keep.logsMs) return;
  if ((await redis.exists(keys.session(sessionId))) === 1) return;
  await deleteLog(config.logDir, sessionId);
  log.info({ sessionId }, 'removed a log that belongs to no session');
}

async function lookAfter({ log }: RetentionDeps, sessionId: string, remove: () => Promise<void>): Promise<void> {
  await remove().catch((error: unknown) => {
    log.warn({ err: error, sessionId }, 'what is kept no longer could not be removed; it is tried again');
  });
}

async function inChunks<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += CHUNK) await Promise.all(items.slice(at, at + CHUNK).map(work));
}
