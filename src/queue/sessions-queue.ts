import { Queue, type ConnectionOptions } from 'bullmq';
import { z } from 'zod';
import type { Redis } from '../store/redis.ts';

export const SESSIONS_QUEUE = 'sessions';

/** All that a job says; everything else is in the session's record. */
export const sessionJob = z.object({ sessionId: z.string() });

export type SessionJob = z.infer<typeof sessionJob>;

export type SessionsQueue = Queue<SessionJob>;

/**
 * How a session's job lives: its id is the session's, so adding it twice is one job; nothing of it stays when it is
 * done. Attempts and stalls are as good as endless, because what ends a session is its deadline.
 */
const JOB_OPTIONS = {
  attempts: 1_000_000,
  removeOnComplete: true,
  removeOnFail: true,
  backoff: { type: 'fixed', delay: 1_000 },
};

/** BullMQ's highest priority number, which is its lowest priority. */
const LOWEST_PRIORITY = 2_097_152;

export function openSessionsQueue(connection: ConnectionOptions): SessionsQueue {
  return new Queue<SessionJob>(SESSIONS_QUEUE, { connection, skipVersionCheck: false });
}

/** Safe to repeat. `priority` as in a request: higher goes first, 0 is ordinary. */
export async function enqueueSession(queue: SessionsQueue, sessionId: string, priority: number): Promise<void> {
  await queue.add('run', { sessionId }, { ...JOB_OPTIONS, jobId: sessionId, priority: toBullPriority(priority) });
}

/** The queue with a connection to the Redis that it is in. */
interface QueueAccess {
  queue: SessionsQueue;
  redis: Redis;
}

/**
 * Takes a session's job away, whatever state it is in, also from a worker that died with it. Only for a session that needs
 * no job any more. Safe to repeat.
 */
export async function removeJob({ queue, redis }: QueueAccess, sessionId: string): Promise<void> {
  const job = await queue.getJob(sessionId);
  if (job === undefined) return;
  // A locked job cannot be removed, and the lock of a dead worker lives on for a minute.
  await redis.del(`${queue.toKey(sessionId)}:lock`);
  await job.remove();
}

/** BullMQ takes 1 first; jobs without a priority go before all of those, so every job gets one. */
function toBullPriority(priority: number): number {
  const middle = LOWEST_PRIORITY / 2;
  return Math.min(LOWEST_PRIORITY, Math.max(1, middle - priority));
}
