import { GapRuns, type Rhythm } from './gap-runs.ts';
import { ROOT, type PatternTrie } from './pattern-trie.ts';

export interface Gaps {
  bytes: readonly number[];
  /** Not before so many bytes of the pattern: a line that ends as it begins is rarely a wrapped one. */
  after: number;
  /** At one place. */
  most: number;
}

/** The beginning of a pattern, which is what the last bytes of a stream are. */
export interface Begun {
  /** Which pattern, or rest of one: its number in the index. */
  index: number;
  /** Of the pattern. */
  bytes: number;
  rhythms: Rhythm[];
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
  readonly #mostBreaks: number;
  #node = ROOT;
  /** Bytes of the pattern that have matched. */
  #depth = 0;
  /** Bytes taken since the last reset, gaps left out. */
  #taken = 0;
  #gaps = new GapRuns();

  constructor(group: Group) {
    this.#group = group;
    for (const byte of group.gaps?.bytes ?? []) this.#isGap[byte] = 1;
    this.#gapsAfter = group.gaps?.after ?? 0;
    this.#mostBreaks = group.gaps?.most ?? 0;
  }

  /** In the stream. */
  get length(): number {
    return this.#depth + this.#gaps.bytes;
  }

  /** How many runs of gaps it would be written down with. */
  get runs(): number {
    return this.#gaps.runs;
  }

  get begun(): Begun | null {
    if (this.#node === ROOT) return null;
    return {
      index: this.#group.from + this.#group.trie.placeOf(this.#node).entry,
      bytes: this.#depth,
      rhythms: this.#gaps.rhythms(this.#taken - this.#depth),
    };
  }

  /** At the same place. */
  copy(): Walk {
    const copy = new Walk(this.#group);
    [copy.#node, copy.#depth, copy.#taken, copy.#gaps] = [this.#node, this.#depth, this.#taken, this.#gaps.copy()];
    return copy;
  }

  /** With the first byte of a pattern, if it is one, and what of control sequences has come since. */
  begin(byte: number, codeBytes: readonly number[]): void {
    this.reset();
    this.#node = this.#group.trie.child(ROOT, byte);
    if (this.#node === ROOT) return;
    this.#depth = this.#taken = 1;
    for (const each of codeBytes) this.#gaps.add(1, each, 0);
  }

  /** A byte of a control sequence. */
  passOver(byte: number): void {
    if (this.#node === ROOT) return;
    if (!this.#gaps.add(this.#taken, byte, 0)) this.reset();
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
    this.#gaps.clear();
  }

  #skip(byte: number): 0 {
    if (this.#depth < this.#gapsAfter || !this.#gaps.add(this.#taken, byte, this.#mostBreaks)) this.reset();
    return 0;
  }

  /** To the next shorter beginning in which no gap lies too near to the start. */
  #fall(): void {
    const { trie } = this.#group;
    do {
      this.#node = trie.suffix(this.#node);
      if (this.#node === ROOT) return this.reset();
      this.#depth = trie.placeOf(this.#node).depth;
      this.#gaps.dropTo(this.#taken - this.#depth);
    } while (this.#gaps.firstBreak - (this.#taken - this.#depth) < this.#gapsAfter);
  }

  /** Of the last so many bytes of the pattern, with the gaps between them. */
  #lengthOf(depth: number): number {
    return depth + this.#gaps.bytesAfter(this.#taken - depth);
  }
}
