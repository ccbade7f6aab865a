import type { Redis } from '../src/store/redis.ts';
import { listWorkers, type WorkerRecord } from '../src/store/workers.ts';

/** Two reports of a worker, with time to spare: whoever lives has been heard of by then. */
const HEARD_OF_MS = 12_000;

/** Who has been seen lately. */
export interface Present {
  workers: WorkerRecord[];
  /** Whether somebody who is not among them is gone. Not so soon after an outage of the store, which all forget alike. */
  isSure: boolean;
}

/** Looks at the workers' reports, and knows how long this connection has held. */
export function createPresence(redis: Redis): () => Promise<Present> {
  let connectedAt = performance.now();
  redis.on('ready', () => (connectedAt = performance.now()));
  return async () => {
    const workers = await listWorkers(redis);
    return { workers, isSure: performance.now() - connectedAt > HEARD_OF_MS };
  };
}
