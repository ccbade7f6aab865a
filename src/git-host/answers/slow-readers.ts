import type { HostBounds } from '../bounds.ts';

/**
 * Transfers that have left their place because their reader is slow. Each still has a git process that waits: when there are too
 * many, the one is cut that has been slow for longest, of the caller who has most.
 */
export interface SlowReaders {
  /** Returns what is to be called when the transfer is over. */
  add(caller: string, cut: () => void): () => void;
}

export function createSlowReaders({
  slow,
  slowPerCaller,
}: Pick<HostBounds['reader'], 'slow' | 'slowPerCaller'>): SlowReaders {
  const entries = new Set<{ caller: string; cut: () => void }>();
  const of = (caller: string): { caller: string; cut: () => void }[] =>
    [...entries].filter((entry) => entry.caller === caller);
  const cutOldest = (caller: string): void => {
    const [oldest] = of(caller);
    if (oldest === undefined) return;
    entries.delete(oldest);
    oldest.cut();
  };
  return {
    add(caller, cut) {
      const entry = { caller, cut };
      entries.add(entry);
      if (of(caller).length > slowPerCaller) cutOldest(caller);
      else if (entries.size > slow) {
        const callers = [...new Set([...entries].map((each) => each.caller))];
        const [most] = callers.toSorted((a, b) => of(b).length - of(a).length);
        if (most !== undefined) cutOldest(most);
      }
      return () => void entries.delete(entry);
    },
  };
}
