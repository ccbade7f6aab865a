/** Lets so many pass per second, and a second's worth at once. May go into debt, which whoever comes next waits for. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #level: number;
  #atMs: number;

  /** `nowMs` is of a clock that does not jump. */
  constructor({ perSecond, burst = perSecond }: { perSecond: number; burst?: number }, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#level = burst;
    this.#atMs = nowMs;
  }

  /** Takes so many, and gives how long to wait before the next, in ms; 0 while there are any. */
  take(count: number, nowMs: number): number {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1_000) * this.#perSecond;
    this.#level = Math.min(this.#burst, this.#level + earned) - count;
    this.#atMs = Math.max(this.#atMs, nowMs);
    return this.#level >= 0 ? 0 : (-this.#level / this.#perSecond) * 1_000;
  }

  /** Gives back what was taken and not used. */
  giveBack(count: number): void {
    this.#level = Math.min(this.#burst, this.#level + count);
  }
}
