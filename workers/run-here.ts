import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '../src/ops/failpoints.ts';
import { isOwnFault } from '../src/ops/own-fault.ts';
import type { SessionRecord } from '../src/session/record.ts';
import type { WorkerDeps } from './deps.ts';
import { endByFault } from './end-by-fault.ts';
import { runSession, type RunOutcome } from './run-session.ts';

/**
 * Runs a session in this process, which then counts as its worker; once at a time. A fault of ours ends it: it rejects only
 * with what another try may mend.
 */
export async function runHere(deps: WorkerDeps, sessionId: string): Promise<RunOutcome> {
  // A job whose lock was lost is delivered again, here too: the run that goes on is the one that counts.
  if (deps.running.has(sessionId)) return 'not_mine';
  deps.running.add(sessionId);
  try {
    await failpoint('worker.job_taken');
    return await runSession(deps, sessionId);
  } catch (error) {
    if (!isOwnFault(error)) throw error;
    // Before it was taken, or right then: nobody else's.
    const isOurs = ({ worker }: SessionRecord): boolean => worker === null || worker === deps.config.workerName;
    return (await endByFault(deps, sessionId, { step: 'begin', thrown: error }, isOurs)) ? 'ended' : 'not_mine';
  } finally {
    deps.running.delete(sessionId);
    deps.masks.release(sessionId);
  }
}

const LOOK_EVERY_MS = 5;

/** Resolves when this process runs no session any more. */
export async function allLeft({ running }: Pick<WorkerDeps, 'running'>): Promise<void> {
  while (running.size > 0) await sleep(LOOK_EVERY_MS);
}
