import type { Resolve } from './decide.ts';

/** Long enough for the many connections of one download, short enough for names that move. */
const KEPT_MS = 10_000;
const MAX_NAMES = 256;

interface Kept {
  answer: Promise<string[]>;
  untilMs: number;
}

/**
 * Remembers the answers of one sandbox for 10 s, so that it asks no more than once for a name at a time. Failures are not
 * kept. The eldest name goes when there are too many.
 */
export function cached(resolve: Resolve, nowMs: () => number = () => performance.now()): Resolve {
  const kept = new Map<string, Kept>();
  return async (host) => {
    const known = kept.get(host);
    if (known !== undefined && known.untilMs > nowMs()) return known.answer;
    const answer = resolve(host);
    const entry = { answer, untilMs: nowMs() + KEPT_MS };
    kept.delete(host);
    kept.set(host, entry);
    const [eldest] = kept.keys();
    if (kept.size > MAX_NAMES && eldest !== undefined) kept.delete(eldest);
    answer.catch(() => {
      if (kept.get(host) === entry) kept.delete(host);
    });
    return answer;
  };
}
