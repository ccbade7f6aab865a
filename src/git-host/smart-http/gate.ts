import { HostError } from '../http/host-error.ts';

/** A bound on how much runs at once, with a fair wait. */
export interface Gate {
  /**
   * Runs `work` as soon as there is a place. Who has least under way goes first, and then who came first; nobody gets the
   * last quarter of the places for himself, so that one slow client never keeps all others out. Throws `busy` when the wait
   * is over, the signal's reason as soon as it is aborted, and what `work` throws.
   */
  run<T>(caller: string, signal: AbortSignal, work: (place: Place) => Promise<T>): Promise<T>;
}

export interface Place {
  /** Gives the place to others before the work is over. */
  leave(): void;
}

interface Waiting {
  caller: string;
  enter: () => void;
}

/** `places` is how much runs at once, `waitMs` how long anybody waits for one. */
export function createGate({ places, waitMs }: { places: number; waitMs: number }): Gate {
  const perCaller = Math.max(1, Math.floor((places * 3) / 4));
  const running = new Map<string, number>();
  const queue: Waiting[] = [];
  let taken = 0;
  const of = (caller: string): number => running.get(caller) ?? 0;

  const admit = (): void => {
    while (taken < places) {
      const mayEnter = queue.filter(({ caller }) => of(caller) < perCaller);
      const next = mayEnter.toSorted((a, b) => of(a.caller) - of(b.caller))[0];
      if (next === undefined) return;
      queue.splice(queue.indexOf(next), 1);
      taken += 1;
      running.set(next.caller, of(next.caller) + 1);
      next.enter();
    }
  };
  const leave = (caller: string): void => {
    taken -= 1;
    if (of(caller) === 1) running.delete(caller);
    else running.set(caller, of(caller) - 1);
    admit();
  };

  return {
    async run(caller, signal, work) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiting: Waiting = { caller, enter: resolve };
      const giveUp = (reason: unknown): void => {
        const index = queue.indexOf(waiting);
        if (index >= 0) queue.splice(index, 1);
        reject(reason);
      };
      const abort = (): void => giveUp(signal.reason);
      const timer = setTimeout(() => giveUp(new HostError('busy', BUSY)), waitMs);
      signal.addEventListener('abort', abort, { once: true });
      queue.push(waiting);
      admit();
      try {
        await promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      }
      let isHeld = true;
      const place = {
        leave: () => {
          if (isHeld) leave(caller);
          isHeld = false;
        },
      };
      try {
        return await work(place);
      } finally {
        place.leave();
      }
    },
  };
}

const BUSY = 'the git host serves as many as it can at once; try again in a minute';
