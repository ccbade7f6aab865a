/** Bounds how much runs at once. */
export interface Slots {
  /** `first`: it goes before all that are not. */
  run<T>(work: () => Promise<T>, options: { first: boolean }): Promise<T>;
}

export interface SlotsOptions {
  /** Places for work that has just begun. */
  count: number;
  /** After so long, work gives its place to the next one and goes on in a place for slow work. */
  slowAfterMs: number;
  /** Places for slow work. When all are taken, work keeps its first place. */
  slowCount: number;
}

/**
 * Places for calls to a provider. Calls that hang must not hold up those that would be answered: whoever takes long moves
 * aside, and what was never tried goes before what has failed already. So with every one of `slowCount` tokens hanging, a
 * fresh one still finds a place at once, while the number of open calls stays bounded.
 */
export function createSlots({ count, slowAfterMs, slowCount }: SlotsOptions): Slots {
  let free = count;
  let freeSlow = slowCount;
  const waiting = { first: [] as (() => void)[], again: [] as (() => void)[] };

  const release = (): void => {
    const next = waiting.first.shift() ?? waiting.again.shift();
    if (next === undefined) free++;
    else next();
  };

  return {
    async run(work, { first }) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting[first ? 'first' : 'again'].push(resolve));
      let isSlow = false;
      const timer = setTimeout(() => {
        if (freeSlow === 0) return;
        freeSlow--;
        isSlow = true;
        release();
      }, slowAfterMs);
      try {
        return await work();
      } finally {
        clearTimeout(timer);
        if (isSlow) freeSlow++;
        else release();
      }
    },
  };
}
