import { z } from 'zod';
import { keys } from './keys.ts';
import { readRecord, sortOut, type Sorted } from './readable.ts';
import type { Redis } from './redis.ts';

const workerRecord = z.object({
  name: z.string(),
  /** The engine that its sandboxes are on. */
  engine: z.string(),
  startedAt: z.string(),
  seenAt: z.string(),
  concurrency: z.number(),
  running: z.array(z.string()),
  /** How workspaces are made on its host, and why not the better way; absent in what an older worker says. */
  disks: z.object({ way: z.enum(['ext4', 'tmpfs']), because: z.string().nullable() }).optional(),
  /** The most that one sandbox can have on its host; absent in what an older worker says. */
  capacity: z.object({ cpus: z.number(), memoryMb: z.number(), diskMb: z.number() }).optional(),
});

/** Who runs what. A worker that has not been seen for `WORKER_GONE_AFTER_SECONDS` is not listed. */
export type WorkerRecord = z.infer<typeof workerRecord>;

const WORKER_GONE_AFTER_SECONDS = 30;

export async function reportWorker(redis: Redis, record: WorkerRecord): Promise<void> {
  const batch = redis.pipeline();
  batch.sadd(keys.workers, record.name);
  batch.set(keys.worker(record.name), JSON.stringify(record), 'EX', WORKER_GONE_AFTER_SECONDS);
  for (const [error] of (await batch.exec()) ?? []) if (error !== null) throw error;
}

export async function forgetWorker(redis: Redis, name: string): Promise<void> {
  await redis.del(keys.worker(name));
  await redis.srem(keys.workers, name);
}

/** Those that can be read, in no order, and what cannot. */
export async function sortWorkers(redis: Redis): Promise<Sorted<WorkerRecord>> {
  const names = await redis.smembers(keys.workers);
  if (names.length === 0) return { items: [], unreadable: [] };
  const texts = await redis.mget(names.map((name) => keys.worker(name)));
  return sortOut(
    texts.flatMap((text, i) =>
      text === null ? [] : [readRecord<WorkerRecord>(workerRecord, names[i] ?? '', text ?? '')],
    ),
  );
}

/** Those that can be read. */
export async function listWorkers(redis: Redis): Promise<WorkerRecord[]> {
  return (await sortWorkers(redis)).items;
}
