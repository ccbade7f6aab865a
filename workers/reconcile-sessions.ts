import { enqueueSession } from '../src/queue/sessions-queue.ts';
import type { SessionRecord } from '../src/session/record.ts';
import { unsettledSessions } from '../src/store/listing.ts';
import { view } from '../src/store/records.ts';
import { listWorkers } from '../src/store/workers.ts';
import type { WorkerDeps } from './deps.ts';
import { settleSession } from './settle-session.ts';
import { endSession } from './steps/end-session.ts';
import { decideUpkeep, type Upkeep } from './upkeep.ts';

/** Sessions that lost their job or their worker, or ended with something left. Each by itself. */
export async function reconcileSessions(deps: WorkerDeps): Promise<void> {
  const aliveWorkers = new Set((await listWorkers(deps.redis)).map(({ name }) => name));
  const { workerName } = deps.config;
  const lookAfter = async (sessionId: string): Promise<void> => {
    const found = await view(deps.redis, sessionId);
    const runningHere = deps.running.has(sessionId);
    const upkeep = decideUpkeep({ view: found, runningHere, workerName, aliveWorkers, nowMs: Date.now() });
    if (found.session !== null) await perform(deps, found.session, upkeep);
  };
  await Promise.all(
    (await unsettledSessions(deps.redis)).map((sessionId) =>
      lookAfter(sessionId).catch((error: unknown) => {
        deps.log.warn({ err: error, sessionId }, 'could not look after a session; it is tried again');
      }),
    ),
  );
}

async function perform(deps: WorkerDeps, session: SessionRecord, upkeep: Upkeep): Promise<void> {
  switch (upkeep) {
    case 'nothing':
      return;
    case 'enqueue':
      return enqueueSession(deps.queue, session.id, session.request.priority);
    case 'settle':
      return settleSession(deps, session.id);
    case 'end_as_lost': {
      const message = `The worker ${session.worker ?? ''} that ran this session is gone`;
      const failure = { code: 'worker_lost', message, step: session.status } as const;
      await endSession(deps, session, { status: 'failed', exitCode: null, failure });
      return settleSession(deps, session.id);
    }
  }
}
