import { removeJob } from '../../src/queue/sessions-queue.ts';
import type { WorkerDeps } from '../deps.ts';
import { runHere } from '../run-here.ts';
import { settleSession } from '../settle-session.ts';

/**
 * Goes on with a session whose worker is gone, outside of the queue: it runs already, and must not wait behind those that
 * do not. The job of its former life is taken away; where this process hands the session over, the next one finds it in
 * the same way. Resolves when the session is on its way, not when it has ended.
 */
export async function adoptSession(deps: WorkerDeps, sessionId: string): Promise<void> {
  if (deps.closing.aborted || deps.running.has(sessionId)) return;
  await removeJob(deps, sessionId);
  void finish(deps, sessionId).catch((error: unknown) => {
    deps.log.error({ err: error, sessionId }, 'a session that was taken over could not be run to its end');
  });
}

async function finish(deps: WorkerDeps, sessionId: string): Promise<void> {
  if ((await runHere(deps, sessionId)) === 'ended') await settleSession(deps, sessionId);
}
