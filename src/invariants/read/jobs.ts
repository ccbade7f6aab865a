import { sessionJob, type SessionsQueue } from '../../queue/sessions-queue.ts';
import type { QueuedJob } from '../facts.ts';

/** Every job that the queue knows, in whatever state. */
export async function readJobs(queue: SessionsQueue): Promise<QueuedJob[]> {
  const jobs = await queue.getJobs();
  return jobs.flatMap((job) => {
    const data = sessionJob.safeParse(job?.data);
    // One that ended between the listing and the reading has no data any more.
    return data.success ? [{ id: job.id ?? '', sessionId: data.data.sessionId }] : [];
  });
}
