import { enqueueSession, removeJob } from '../../src/queue/sessions-queue.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { unsettledSessions } from '../../src/store/listing.ts';
import { UnreadableRecord } from '../../src/store/parse-record.ts';
import { viewMended } from '../../src/store/mend-token.ts';
import { unlistSettled, type View } from '../../src/store/records.ts';
import { adoptSession } from './adopt-session.ts';
import type { WorkerDeps } from '../deps.ts';
import { createAbsences } from './absences.ts';
import { makeReadable } from './unreadable.ts';
import { settleSession } from '../settle-session.ts';
import { endSession } from '../steps/end-session.ts';
import { decideUpkeep, type Upkeep } from './upkeep.ts';

/**
 * Looks after sessions that lost their job or their worker, or ended with something left. Each by itself. Remembers, from
 * one call to the next, how long other hosts have been away.
 */
export function createSessionReconciler(): (deps: WorkerDeps) => Promise<void> {
  const absences = createAbsences();
  return async (deps) => {
    const { workers, isSure } = await deps.presence();
    const aliveWorkers = new Set(workers.map(({ name }) => name));
    absences.see(new Set(workers.map(({ engine }) => engine)));
    const { engineId } = deps;
    const { workerName } = deps.config;
    const lookAfter = async (sessionId: string): Promise<void> => {
      const found = await viewOrEnd(deps, sessionId);
      // Listed by a change that could not tell, or left from a store that was lost.
      await unlistSettled(deps.redis, sessionId, found);
      const { session } = found;
      if (session === null) return;
      const engineGoneMs = absences.of(session.sandbox?.engine ?? engineId);
      const runningHere = deps.running.has(sessionId);
      const facts = {
        view: found,
        runningHere,
        workerName,
        engineId,
        aliveWorkers,
        isSure,
        engineGoneMs,
        nowMs: Date.now(),
      };
      await perform(deps, session, decideUpkeep(facts));
    };
    await Promise.all(
      (await unsettledSessions(deps.redis)).map((sessionId) =>
        lookAfter(sessionId).catch((error: unknown) => {
          deps.log.warn({ err: error, sessionId }, 'could not look after a session; it is tried again');
        }),
      ),
    );
  };
}

/** One that runs here and cannot be read is seen by its run, which knows more of it. */
async function viewOrEnd({ redis, running }: WorkerDeps, sessionId: string): Promise<View> {
  try {
    return await viewMended(redis, sessionId);
  } catch (error) {
    if (!(error instanceof UnreadableRecord) || running.has(sessionId)) throw error;
    await makeReadable(redis, sessionId);
    return viewMended(redis, sessionId);
  }
}

async function perform(deps: WorkerDeps, session: SessionRecord, upkeep: Upkeep): Promise<void> {
  switch (upkeep) {
    case 'nothing':
      return;
    case 'enqueue':
      return enqueueSession(deps.queue, session.id, session.request.priority);
    case 'adopt':
      return adoptSession(deps, session.id);
    case 'settle':
      await removeJob(deps, session.id);
      return settleSession(deps, session.id);
    case 'end_as_lost': {
      const message = `The host of worker ${session.worker ?? ''}, which ran this session, is gone`;
      const failure = { code: 'worker_lost', message, step: session.status } as const;
      await endSession(deps, session, { status: 'failed', exitCode: null, failure });
      return settleSession(deps, session.id);
    }
  }
}
