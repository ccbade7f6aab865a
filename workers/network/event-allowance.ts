/** Of a session's events its network may not push the others out: so many at once, so many a minute, so many at all. */
const AT_ONCE = 30;
const PER_MINUTE = 20;
const PER_SESSION = 400;
/** One with a sum goes on to be told after that. */
const AFTER_THAT_EVERY_MS = 10 * 60_000;
const MINUTE_MS = 60_000;

/**
 * How many events a session's network may make now. What does not fit waits in its file, where it is added up: nothing is
 * lost by waiting.
 */
export class EventAllowance {
  #left = AT_ONCE;
  #atMs: number;

  /** `nowMs` is of a clock that does not jump. */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** `told` are those that it has made in its life. 0: not yet. */
  now(told: number, nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs;
    if (told >= PER_SESSION) return elapsedMs >= AFTER_THAT_EVERY_MS ? 1 : 0;
    this.#left = Math.min(AT_ONCE, this.#left + (elapsedMs / MINUTE_MS) * PER_MINUTE);
    this.#atMs = nowMs;
    return Math.min(Math.floor(this.#left), PER_SESSION - told);
  }

  made(count: number, nowMs: number): void {
    this.#left -= count;
    this.#atMs = nowMs;
  }
}
