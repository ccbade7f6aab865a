import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../../errors.ts';
import type { Logger } from '../../ops/log.ts';
import { isStoreAway } from '../../store/redis.ts';

const LOOK_EVERY_MS = 1_000;

/**
 * Does the work once Redis can: one that is loading its files, or is a replica for the moment, is waited for, since a
 * minter that is not there deletes nothing. Throws what is wrong otherwise. The work may be begun several times.
 */
export async function whenServed<T>(log: Logger, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      log.warn({ reason: describe(error) }, 'Redis cannot serve yet; the minter waits for it');
      await sleep(LOOK_EVERY_MS);
    }
  }
}
