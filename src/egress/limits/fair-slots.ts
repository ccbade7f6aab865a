/** Places for work of many sessions, which are shared fairly. */
export interface FairSlots {
  /**
   * Runs the work as soon as there is a place: the keys that wait take turns, one piece of work each, and none has more than
   * its share at once. Rejects with the signal's reason when it is aborted while it waits, with `TooManyWaiting` when the
   * key has too much waiting already, and as the work does.
   */
  run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface FairSlotsOptions {
  /** In all; may be Infinity where only the share of each key is bounded. */
  places: number;
  perKey: number;
  waitingPerKey: number;
  /**
   * Work that takes longer than this moves aside, into one of so many places for slow work, so that it holds up none that
   * is over soon. It goes on counting for its key. While those places are taken it keeps the one that it has.
   */
  slow?: { afterMs: number; places: number };
}

/** A key has more work waiting for a place than it may. */
export class TooManyWaiting extends Error {
  override readonly name = 'TooManyWaiting';
}

export function createFairSlots({ places, perKey, waitingPerKey, slow }: FairSlotsOptions): FairSlots {
  const running = new Map<string, number>();
  /** Whose turn is next comes first. */
  const waiting = new Map<string, (() => void)[]>();
  let taken = 0;
  let slowTaken = 0;

  const admit = (): void => {
    // A key that is served and waits for more is put behind the others, where this very loop meets it again.
    for (const [key, queue] of waiting) {
      if (taken >= places) return;
      const ofKey = running.get(key) ?? 0;
      if (ofKey >= perKey) continue;
      const enter = queue.shift();
      waiting.delete(key);
      if (queue.length > 0) waiting.set(key, queue);
      taken++;
      running.set(key, ofKey + 1);
      enter?.();
    }
  };
  const leave = (key: string): void => {
    const left = (running.get(key) ?? 1) - 1;
    if (left === 0) running.delete(key);
    else running.set(key, left);
    admit();
  };
  /** Moves work aside once it is slow. What is returned gives its place back, whichever it is by then. */
  const moveAside = (): (() => void) => {
    let isSlow = false;
    const move = (): void => {
      if (isSlow || slow === undefined || slowTaken >= slow.places) return;
      isSlow = true;
      slowTaken++;
      taken--;
      admit();
    };
    const timer = slow && setInterval(move, slow.afterMs);
    return () => {
      clearInterval(timer);
      if (isSlow) slowTaken--;
      else taken--;
    };
  };
  const takePlace = (key: string, signal: AbortSignal): Promise<void> => {
    const queue = waiting.get(key) ?? [];
    if (queue.length >= waitingPerKey) throw new TooManyWaiting(`${queue.length} wait already`);
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        queue.splice(queue.indexOf(enter), 1);
        if (queue.length === 0 && waiting.get(key) === queue) waiting.delete(key);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      queue.push(enter);
      waiting.set(key, queue);
      admit();
    });
  };

  return {
    async run(key, signal, work) {
      signal.throwIfAborted();
      await takePlace(key, signal);
      const giveBack = moveAside();
      try {
        return await work();
      } finally {
        giveBack();
        leave(key);
      }
    },
  };
}
