/** Above so many numbers, 1 MiB, what was learned is forgotten as soon as it may be. */
const MANY_NUMBERS = 2 ** 18;
/** Nodes that may be learned for each time that a walk asks for one which is not known, on the average. */
const LEARNED_FOR_EACH = 4;

/**
 * What was learned of the nodes of a tree: the suffix of each, and the longest pattern that it ends with. Nodes are learned
 * in runs, each from its first node on. Two numbers for each node in one array, in blocks that double.
 */
export class PatternLinks {
  readonly #many: number;
  #numbers = new Int32Array(1_024);
  #used = 0;
  /** By run: where its block lies, and how many of its nodes are known. */
  readonly #at: Int32Array;
  readonly #known: Int32Array;
  /** Since it forgot. */
  #asked = 0;
  #learned = 0;

  constructor(runs: number, many = MANY_NUMBERS) {
    this.#at = new Int32Array(runs);
    this.#known = new Int32Array(runs);
    this.#many = many;
  }

  /** How many nodes of the run are known. */
  known(run: number): number {
    return this.#known[run] ?? 0;
  }

  /** Of a known node: the `nth` of its run. */
  suffix(run: number, nth: number): number {
    return this.#numbers[(this.#at[run] ?? 0) + 2 * nth] ?? 0;
  }

  /** Of a known node: the `nth` of its run. */
  longestEnd(run: number, nth: number): number {
    return this.#numbers[(this.#at[run] ?? 0) + 2 * nth + 1] ?? 0;
  }

  /** Of the first node of the run that is not known. */
  add(run: number, suffix: number, longestEnd: number): void {
    const known = this.known(run);
    // A block is full when it has 1, 2, 4, … nodes.
    if ((known & (known - 1)) === 0) this.#grow(run, known);
    const at = (this.#at[run] ?? 0) + 2 * known;
    this.#numbers[at] = suffix;
    this.#numbers[at + 1] = longestEnd;
    this.#known[run] = known + 1;
    this.#learned++;
  }

  /**
   * To be called when a walk needs a node that is not known, before anything is learned for it. Forgets all when that is
   * much, and not so often that learning it again costs more than a few nodes for each call.
   */
  makeRoom(): void {
    this.#asked++;
    if (this.#used <= this.#many || this.#learned > this.#asked * LEARNED_FOR_EACH) return;
    this.#known.fill(0);
    this.#numbers = new Int32Array(1_024);
    this.#used = this.#asked = this.#learned = 0;
  }

  #grow(run: number, known: number): void {
    const from = this.#at[run] ?? 0;
    const isLast = known > 0 && from + 2 * known === this.#used;
    const at = isLast ? from : this.#used;
    this.#used = at + 4 * Math.max(known, 1);
    if (this.#used > this.#numbers.length) {
      const larger = new Int32Array(Math.max(2 * this.#numbers.length, this.#used));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    if (!isLast) this.#numbers.copyWithin(at, from, from + 2 * known);
    this.#at[run] = at;
  }
}
