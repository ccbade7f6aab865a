import { failpoint } from '../src/ops/failpoints.ts';
import type { WorkerDeps } from './deps.ts';
import { settleSession } from './settle-session.ts';

/**
 * BullMQ's completion handler: the fast path on which a token dies within milliseconds of its session's end. It is not
 * what the promise rests on, since the process may be killed right here: the reconciler finds what is left.
 */
export async function onJobDone(deps: WorkerDeps, sessionId: string): Promise<void> {
  try {
    await failpoint('worker.handler_begun');
    await settleSession(deps, sessionId);
  } catch (error) {
    deps.log.warn({ err: error, sessionId }, 'not all of an ended session is gone yet; it is tried again');
  }
}
