import { WaitingError, Worker } from 'bullmq';
import { sessionJob, SESSIONS_QUEUE, type SessionJob } from '../src/queue/sessions-queue.ts';
import type { Redis } from '../src/store/redis.ts';
import { onJobDone } from './completion.ts';
import type { WorkerDeps } from './deps.ts';
import { runHere } from './run-here.ts';

/** Jobs whose lock ran out are looked for this often within the time of a lock. */
const STALLED_CHECKS_PER_LOCK = 4;

/** Takes sessions from the queue and runs them; a finished one goes to the completion handler. */
export function startSessionWorker(deps: WorkerDeps, connection: Redis): Worker<SessionJob> {
  const worker = new Worker<SessionJob>(
    SESSIONS_QUEUE,
    async (job, token) => {
      const { sessionId } = sessionJob.parse(job.data);
      const outcome = await runHere(deps, sessionId);
      // On a deploy the job goes back at once instead of waiting for its lock to run out.
      if (outcome !== 'handed_over' || token === undefined) return;
      await job.moveToWait(token);
      throw new WaitingError();
    },
    {
      connection,
      concurrency: deps.config.concurrency,
      // Longer than any pause of a healthy process, because a job whose lock is lost is given to another worker.
      lockDuration: deps.config.jobLockMs,
      stalledInterval: deps.config.jobLockMs / STALLED_CHECKS_PER_LOCK,
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
