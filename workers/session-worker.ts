import { Worker } from 'bullmq';
import { failpoint } from '../src/ops/failpoints.ts';
import { sessionJob, SESSIONS_QUEUE, type SessionJob } from '../src/queue/sessions-queue.ts';
import type { Redis } from '../src/store/redis.ts';
import { onJobDone } from './completion.ts';
import type { WorkerDeps } from './deps.ts';
import { runSession } from './run-session.ts';

/** Jobs whose lock ran out are looked for this often within the time of a lock. */
const STALLED_CHECKS_PER_LOCK = 4;

/** Takes sessions from the queue and runs them; a finished one goes to the completion handler. */
export function startSessionWorker(deps: WorkerDeps, connection: Redis): Worker<SessionJob> {
  const lockMs = deps.config.jobLockSeconds * 1_000;
  const worker = new Worker<SessionJob>(
    SESSIONS_QUEUE,
    async (job) => {
      const { sessionId } = sessionJob.parse(job.data);
      // A job whose lock was lost is delivered again, here too: the run that goes on is the one that counts.
      if (deps.running.has(sessionId)) return;
      await failpoint('worker.job_taken');
      deps.running.add(sessionId);
      try {
        await runSession(deps, sessionId);
      } finally {
        deps.running.delete(sessionId);
      }
    },
    {
      connection,
      concurrency: deps.config.concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs / STALLED_CHECKS_PER_LOCK,
      maxStalledCount: 1_000_000,
    },
  );
  worker.on('completed', (job) => void onJobDone(deps, job.data.sessionId));
  worker.on('failed', (job, error) => {
    deps.log.error({ err: error, sessionId: job?.data.sessionId }, 'a session could not be run to its end');
  });
  worker.on('error', (error) => deps.log.warn({ err: error }, 'the queue does not answer'));
  return worker;
}
