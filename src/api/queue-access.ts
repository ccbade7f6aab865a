import { Refusal } from '../errors.ts';
import { enqueueSession, type SessionsQueue } from '../queue/sessions-queue.ts';

/** BullMQ waits for Redis as long as it takes; a caller of the API does not. */
const PATIENCE_MS = 2_000;

/** Safe to repeat. Throws `unavailable` when the queue does not answer. */
export async function enqueue(queue: SessionsQueue, sessionId: string, priority: number): Promise<void> {
  await soon(enqueueSession(queue, sessionId, priority));
}

export interface QueueCounts {
  waiting: number;
  active: number;
  delayed: number;
}

/** Throws `unavailable` when the queue does not answer. */
export async function countJobs(queue: SessionsQueue): Promise<QueueCounts> {
  const counts = await soon(queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed'));
  return {
    // To BullMQ a waiting job with a priority is not "waiting"; every one of ours has one.
    waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0),
    active: counts['active'] ?? 0,
    delayed: counts['delayed'] ?? 0,
  };
}

async function soon<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Refusal('unavailable', `The queue (Redis) did not answer within ${PATIENCE_MS} ms.`)),
    PATIENCE_MS,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
