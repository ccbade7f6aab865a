/** The time of the API's machine, as far as its answers tell: times that it gives are compared with this one alone. */
export interface ServerClock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Takes the time from an answer's `Date`. */
  hear(answer: Response): void;
}

/** `Date` has whole seconds and was written before it came: a smaller difference is none. */
const UNTOLD_MS = 2_000;

export function createServerClock(): ServerClock {
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    hear({ headers }) {
      const differenceMs = Date.parse(headers.get('date') ?? '') - Date.now();
      if (Number.isFinite(differenceMs)) aheadMs = Math.abs(differenceMs) < UNTOLD_MS ? 0 : differenceMs;
    },
  };
}
