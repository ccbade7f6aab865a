import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../ops/log.ts';
import { isStoreAway, type Redis } from '../store/redis.ts';
import { revocationDebt, type RevocationDebt } from './revocation-debt.ts';

export interface DebtWatch {
  redis: Redis;
  log: Logger;
  alarmSeconds: number;
  everyMs: number;
  /** Ends it. */
  signal: AbortSignal;
}

/**
 * Says in the log when tokens that are to be gone have been due for too long, once, and once when that is over, whether
 * anybody asks or not. While the store is away nothing is known, and nothing is said. Resolves when the signal aborts.
 */
export async function watchDebt({ redis, log, alarmSeconds, everyMs, signal }: DebtWatch): Promise<void> {
  let alarmed = false;
  while (!signal.aborted) {
    const debt = await look({ redis, log, alarmSeconds });
    if (debt !== null && debt.alarm !== alarmed) {
      alarmed = debt.alarm;
      const figures = { count: debt.count, oldestSeconds: debt.oldestSeconds, alarmSeconds };
      if (alarmed) log.error(figures, 'tokens that are to be gone are still there; see lastError in GET /v1/tokens');
      else log.info(figures, 'no token is overdue any more');
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

async function look({
  redis,
  log,
  alarmSeconds,
}: Pick<DebtWatch, 'redis' | 'log' | 'alarmSeconds'>): Promise<RevocationDebt | null> {
  try {
    return await revocationDebt(redis, { alarmSeconds, now: new Date() });
  } catch (error) {
    if (!isStoreAway(error)) log.warn({ err: error }, 'could not look at the tokens that are to be gone');
    return null;
  }
}
