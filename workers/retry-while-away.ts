import { setTimeout as sleep } from 'node:timers/promises';
import { SessionError, type FailureCode } from '../src/errors.ts';

const BACK_MS = 30_000;
const RETRY_MS = 250;

/**
 * Does it again while it fails with this code, which says that a process is away that is started again: for 30 s at most,
 * or until the signal aborts.
 */
export async function retryWhileAway<T>(
  code: Extract<FailureCode, 'minter_unavailable' | 'engine_unavailable'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const until = Date.now() + BACK_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const away = error instanceof SessionError && error.code === code;
      if (!away || Date.now() > until || signal.aborted) throw error;
      await sleep(RETRY_MS);
    }
  }
}
