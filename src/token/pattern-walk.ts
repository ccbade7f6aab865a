import { ROOT, type PatternTrie } from './pattern-trie.ts';

export interface Gaps {
  bytes: readonly number[];
  /** Not before so many bytes of the pattern: a line that ends as it begins is rarely a wrapped one. */
  after: number;
}

/** So many at one place: CR LF, or a line break and an indent of one. */
const MAX_GAP_BYTES = 2;
/** So many of control sequences at one place: the end of one colour and the beginning of another, and some more. */
export const MAX_CODE_BYTES = 64;
/** Gaps that are over are dropped from the list once there are so many. */
const MANY_GAPS = 1_024;

/** A byte between those of a pattern, and how many bytes of the pattern lie before it. */
export type Gap = [before: number, byte: number];

/** The beginning of a pattern, which is what the last bytes of a stream are. */
export interface Begun {
  /** Which pattern, or rest of one: its number in the index. */
  index: number;
  /** Of the pattern. */
  bytes: number;
  gaps: Gap[];
}

/** Patterns that may have the same gaps. */
export interface Group {
  trie: PatternTrie;
  /** The number in the index of the first entry of the tree. */
  from: number;
  gaps: Gaps | undefined;
}

/** One stream's way through one group: always at the longest beginning of a pattern that the last bytes are. */
export class Walk {
  readonly #group: Group;
  readonly #isGap = new Uint8Array(256);
  readonly #gapsAfter: number;
  #node = ROOT;
  /** Bytes of the pattern that have matched. */
  #depth = 0;
  /** Bytes taken since the last reset, gaps left out. */
  #taken = 0;
  /** Gaps, each by how many bytes were taken before it; those before `#firstGap` are over. */
  #gaps: Gap[] = [];
  #firstGap = 0;
  /** Those of the gaps that are the group's, by how many bytes were taken before it; those before `#firstBreak` are over. */
  #breaks: number[] = [];
  #firstBreak = 0;

  constructor(group: Group) {
    this.#group = group;
    for (const byte of group.gaps?.bytes ?? []) this.#isGap[byte] = 1;
    this.#gapsAfter = group.gaps?.after ?? 0;
  }

  /** In the stream. */
  get length(): number {
    return this.#depth + this.#gaps.length - this.#firstGap;
  }

  get begun(): Begun | null {
    if (this.#node === ROOT) return null;
    const start = this.#taken - this.#depth;
    return {
      index: this.#group.from + this.#group.trie.placeOf(this.#node).entry,
      bytes: this.#depth,
      gaps: this.#gaps.slice(this.#firstGap).map(([taken, byte]): Gap => [taken - start, byte]),
    };
  }

  /** With the first byte of a pattern, if it is one, and what of control sequences has come since. */
  begin(byte: number, codeBytes: readonly number[]): void {
    this.reset();
    this.#node = this.#group.trie.child(ROOT, byte);
    if (this.#node === ROOT) return;
    this.#depth = this.#taken = 1;
    for (const each of codeBytes) this.#gaps.push([1, each]);
  }

  /** A byte of a control sequence. */
  passOver(byte: number): void {
    if (this.#node === ROOT) return;
    if (this.#gaps.at(-MAX_CODE_BYTES)?.[0] === this.#taken) this.reset();
    else this.#gaps.push([this.#taken, byte]);
  }

  /** Takes the next byte. Gives the length of what was found to end with it; 0 when nothing was. */
  step(byte: number): number {
    const { trie } = this.#group;
    if (this.#node !== ROOT && this.#isGap[byte] === 1) return this.#skip(byte);
    let next = trie.child(this.#node, byte);
    while (next === ROOT && this.#node !== ROOT) {
      this.#fall();
      next = trie.child(this.#node, byte);
    }
    if (next === ROOT) return 0;
    this.#node = next;
    this.#depth++;
    this.#taken++;
    const end = trie.longestEnd(next);
    if (end === ROOT) return 0;
    const length = this.#lengthOf(end === next ? this.#depth : trie.placeOf(end).depth);
    // A whole pattern that no other goes on from begins nothing: a gap after it is no part of it.
    while (this.#node !== ROOT && !trie.goesOn(this.#node)) this.#fall();
    return length;
  }

  reset(): void {
    this.#node = ROOT;
    this.#depth = 0;
    this.#taken = 0;
    if (this.#gaps.length > 0) this.#gaps = [];
    this.#firstGap = 0;
    if (this.#breaks.length > 0) this.#breaks = [];
    this.#firstBreak = 0;
  }

  #skip(byte: number): 0 {
    const isRun = this.#breaks.at(-MAX_GAP_BYTES) === this.#taken;
    if (this.#depth < this.#gapsAfter || isRun) this.reset();
    else {
      this.#gaps.push([this.#taken, byte]);
      this.#breaks.push(this.#taken);
    }
    return 0;
  }

  /** To the next shorter beginning in which no gap lies too near to the start. */
  #fall(): void {
    const { trie } = this.#group;
    do {
      this.#node = trie.suffix(this.#node);
      if (this.#node === ROOT) return this.reset();
      this.#depth = trie.placeOf(this.#node).depth;
      this.#dropGaps();
    } while (this.#after(this.#breaks[this.#firstBreak]) < this.#gapsAfter);
  }

  #dropGaps(): void {
    while (this.#after(this.#gaps[this.#firstGap]?.[0]) <= 0) this.#firstGap++;
    while (this.#after(this.#breaks[this.#firstBreak]) <= 0) this.#firstBreak++;
    if (this.#firstGap < MANY_GAPS || this.#firstGap * 2 < this.#gaps.length) return;
    this.#gaps = this.#gaps.slice(this.#firstGap);
    this.#firstGap = 0;
    this.#breaks = this.#breaks.slice(this.#firstBreak);
    this.#firstBreak = 0;
  }

  /** How many bytes of the pattern lie before a gap. */
  #after(taken: number | undefined): number {
    return taken === undefined ? Infinity : taken - (this.#taken - this.#depth);
  }

  /** Of the last so many bytes of the pattern, with the gaps between them. */
  #lengthOf(depth: number): number {
    const start = this.#taken - depth;
    let low = this.#firstGap;
    for (let high = this.#gaps.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#gaps[middle]?.[0] ?? 0) <= start) low = middle + 1;
      else high = middle;
    }
    return depth + this.#gaps.length - low;
  }
}
