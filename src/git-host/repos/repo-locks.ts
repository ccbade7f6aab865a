import { HostError } from '../http/host-error.ts';

/** How long a write waits for the writes before it. Reads never wait. */
const LOCK_WAIT_MS = 5_000;

/**
 * One lock per repo, which everything that moves a ref holds: pushes and writes by REST, one at a time and in the order in
 * which they came. It lives in this process, the only one that has the data open, so that nothing has to be cleaned up
 * after a kill.
 */
export interface RepoLocks {
  /**
   * Runs `work` with the lock. Throws `locked` when it cannot be had in time, the signal's reason as soon as it is aborted,
   * both before `work` began, and else what `work` throws. The lock is free again when `work` is over, however it ends.
   */
  hold<T>(repoId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** Called when it is its turn. */
type Waiting = () => void;

export function createRepoLocks(options: { waitMs?: number } = {}): RepoLocks {
  const { waitMs = LOCK_WAIT_MS } = options;
  /** Who waits, by the id of each repo whose lock is held. */
  const held = new Map<string, Waiting[]>();

  const take = async (repoId: string, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const waiting = held.get(repoId);
    if (waiting === undefined) return void held.set(repoId, []);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push(resolve);
    const giveUp = (reason: unknown): void => {
      // Whose turn came in the same moment has the lock, and keeps it.
      const at = waiting.indexOf(resolve);
      if (at === -1) return;
      waiting.splice(at, 1);
      reject(reason);
    };
    const abort = (): void => giveUp(signal.reason);
    const timer = setTimeout(() => giveUp(lockedFor(waitMs)), waitMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  };

  const pass = (repoId: string): void => {
    const next = held.get(repoId)?.shift();
    if (next === undefined) held.delete(repoId);
    else next();
  };

  return {
    async hold(repoId, signal, work) {
      await take(repoId, signal);
      try {
        signal.throwIfAborted();
        return await work();
      } finally {
        pass(repoId);
      }
    },
  };
}

function lockedFor(waitMs: number): HostError {
  return new HostError('locked', `the repo is being written to, and was for ${waitMs / 1_000} s; try again`);
}
