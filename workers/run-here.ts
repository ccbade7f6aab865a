import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '../src/ops/failpoints.ts';
import type { WorkerDeps } from './deps.ts';
import { runSession, type RunOutcome } from './run-session.ts';

/** Runs a session in this process, which then counts as its worker; once at a time. */
export async function runHere(deps: WorkerDeps, sessionId: string): Promise<RunOutcome> {
  // A job whose lock was lost is delivered again, here too: the run that goes on is the one that counts.
  if (deps.running.has(sessionId)) return 'not_mine';
  deps.running.add(sessionId);
  try {
    await failpoint('worker.job_taken');
    return await runSession(deps, sessionId);
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
