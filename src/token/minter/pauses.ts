/** A token's wait for its next try. */
export interface Pause {
  ms: number;
  /** Whether the return of the provider ends it early. */
  wakeable: boolean;
}

/**
 * The waits of all tokens whose deletion failed. After an outage of an hour each waits up to a minute; once the provider
 * answers one of them, the others need not sit out theirs.
 */
export interface Pauses {
  /** Resolves when it is over: true when the provider's return has cut it short. */
  wait(pause: Pause): Promise<boolean>;
  /** The provider works: ends every pause that may be ended, spread so that they don't all knock at once. */
  wake(): void;
  /** Ends them all at once; those that are begun later too. */
  close(): void;
}

/** Long enough that 1,000 tokens don't come as one burst, short beside the minute in which a debt is to be paid. */
const SPREAD_MS = 3_000;

export function createPauses(random: () => number): Pauses {
  const endings = new Set<() => void>();
  const wakings = new Set<() => void>();
  let closed = false;
  return {
    wait: ({ ms, wakeable }) =>
      new Promise((resolve) => {
        if (closed) return resolve(false);
        const until = performance.now() + ms;
        const end = (woken: boolean): void => {
          clearTimeout(timer);
          endings.delete(cutShort);
          wakings.delete(wake);
          resolve(woken);
        };
        const cutShort = (): void => end(false);
        const wake = (): void => {
          const soon = random() * SPREAD_MS;
          wakings.delete(wake);
          if (performance.now() + soon >= until) return;
          clearTimeout(timer);
          timer = setTimeout(() => end(true), soon);
        };
        let timer = setTimeout(cutShort, ms);
        endings.add(cutShort);
        if (wakeable) wakings.add(wake);
      }),
    wake: () => {
      for (const wake of wakings) wake();
    },
    close: () => {
      closed = true;
      for (const end of endings) end();
    },
  };
}
