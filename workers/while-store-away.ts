import { setTimeout as sleep } from 'node:timers/promises';
import { isStoreAway } from '../src/store/redis.ts';

const RETRY_MS = 250;

/**
 * Does it again for as long as Redis is there and cannot serve: it loads its files, is full, or refuses writes. What a
 * session has done must not come to nothing because it could not be written down at once; its deadline is kept by others.
 */
export async function whileStoreAway<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      await sleep(RETRY_MS);
    }
  }
}
