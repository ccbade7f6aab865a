import { isEnded } from '../session/status.ts';
import type { LedgerFacts, QueuedJob } from './facts.ts';
import type { Violation } from './violation.ts';

/** The queue holds no job of a session that has ended or is unknown, and one for each that waits. */
export function checkJobs({ sessions }: LedgerFacts, jobs: QueuedJob[]): Violation[] {
  const status = new Map(sessions.map((one) => [one.id, one.status]));
  const queued = new Set(jobs.map(({ sessionId }) => sessionId));
  const stale = jobs.flatMap(({ id, sessionId }) => {
    const found = status.get(sessionId);
    return found === undefined || isEnded(found)
      ? [`Job ${id} is in the queue, and its session ${sessionId} is ${found ?? 'forgotten'}`]
      : [];
  });
  const missing = sessions
    .filter((one) => one.status === 'queued' && !queued.has(one.id))
    .map(({ id }) => `Session ${id} is queued, and the queue has no job for it`);
  return [...stale, ...missing].map((sentence) => ({ law: 'jobs', sentence }));
}
