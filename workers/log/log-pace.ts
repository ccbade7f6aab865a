/** So much may come at once without a wait. */
const BURST_MS = 1_000;
const SAY_EVERY_MS = 60_000;

/** Says how long to wait so that a log grows no faster than a rate, over a second and more. */
export class LogPace {
  readonly #bytesPerMs: number;
  /** When all that came so far would have come at exactly the rate. */
  #dueMs = 0;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** `waitMs` before more is taken; `isNew`: there was no wait for a minute, so this one is to be said. */
  take(bytes: number, nowMs: number): { waitMs: number; isNew: boolean } {
    this.#dueMs = Math.max(this.#dueMs, nowMs - BURST_MS) + bytes / this.#bytesPerMs;
    const waitMs = Math.max(0, this.#dueMs - nowMs);
    const isNew = waitMs > 0 && nowMs - this.#saidAtMs >= SAY_EVERY_MS;
    if (isNew) this.#saidAtMs = nowMs;
    return { waitMs, isNew };
  }
}
