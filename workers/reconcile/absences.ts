/** How long each engine has gone without a worker that is seen. */
export interface Absences {
  /** Engines whose workers have been seen lately. */
  see(present: ReadonlySet<string>): void;
  /** ms since the first call of `see` from which on it was missing at every one; 0 when it was there at the last. */
  of(engine: string): number;
}

/**
 * Measured by this process' own clock and from its own looks: after an outage of the store every worker looks gone until
 * it has reported again, and that must not count.
 */
export function createAbsences(now: () => number = () => performance.now()): Absences {
  let firstLook: number | null = null;
  const lastSeen = new Map<string, number>();
  let lastLook = 0;
  return {
    see(present) {
      lastLook = now();
      firstLook ??= lastLook;
      for (const engine of present) lastSeen.set(engine, lastLook);
    },
    of(engine) {
      return lastLook - (lastSeen.get(engine) ?? firstLook ?? lastLook);
    },
  };
}
