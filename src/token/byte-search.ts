import { PatternTrie, ROOT, type Text } from './pattern-trie.ts';

/** A place where a pattern was found; `end` is exclusive. */
export interface Found {
  start: number;
  end: number;
}

/** What to look for: two bytes or more, in its rests too. */
export interface Pattern extends Text {
  /** Bytes that may stand between those of the pattern, as programs that wrap lines put them there. None is in the pattern. */
  gaps?: Gaps;
}

export interface Gaps {
  bytes: readonly number[];
  /** Not before so many bytes of the pattern: a line that ends as it begins is rarely a wrapped one. */
  after: number;
}

/** So many at one place: CR LF, or a line break and an indent of one. */
const MAX_GAP_BYTES = 2;
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
interface Group {
  trie: PatternTrie;
  /** The number in the index of the first entry of the tree. */
  from: number;
  gaps: Gaps | undefined;
}

/** Patterns made ready to be looked for, by any number of searches at once. */
export interface PatternIndex {
  groups: readonly Group[];
  /** By two bytes: a pattern begins with them. */
  isPair: Uint8Array;
  /** By byte: the first pattern that begins with it; -1 when none does. */
  byFirst: Int32Array;
}

/** The order of the patterns decides which number each gets. */
export function indexPatterns(patterns: readonly Pattern[]): PatternIndex {
  const isPair = new Uint8Array(65_536);
  const byFirst = new Int32Array(256).fill(-1);
  const groups: Group[] = [];
  let from = 0;
  for (const [gaps, texts] of Map.groupBy(patterns, (pattern) => pattern.gaps)) {
    const trie = new PatternTrie(texts);
    for (let entry = 0; entry < trie.entries; entry++) {
      const [first = 0, second = 0] = trie.bytesOf(entry);
      isPair[(first << 8) | second] = 1;
      if (byFirst[first] === -1) byFirst[first] = from + entry;
    }
    groups.push({ gaps, from, trie });
    from += trie.entries;
  }
  return { groups, isPair, byFirst };
}

/** What a number in the index stands for; nothing where it stands for nothing. */
export function patternBytes({ groups }: PatternIndex, index: number): Buffer {
  const group = groups.findLast(({ from }) => from <= index);
  return group === undefined || index >= group.from + group.trie.entries
    ? Buffer.alloc(0)
    : group.trie.bytesOf(index - group.from);
}

/**
 * Finds patterns in a stream, of those that end at one place the longest. No byte is looked at twice, however many
 * patterns there are, so that no text and no pattern makes it slow. A pattern begins to be followed at its second byte,
 * as one alone is met too often.
 */
export class ByteSearch {
  readonly #index: PatternIndex;
  readonly #walks: Walk[];
  /** Whether some walk is at two bytes or more. */
  #isFollowing = false;
  /** The last byte of the stream; -1 before the first. */
  #last = -1;

  constructor(index: PatternIndex) {
    this.#index = index;
    this.#walks = index.groups.map((group) => new Walk(group));
  }

  /** Goes on with `bytes` from `from`; positions are those of `bytes`, before its beginning for a match begun earlier. */
  scan(bytes: Buffer, from: number, onFound: (found: Found) => void): void {
    const { isPair } = this.#index;
    let last = this.#last;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      const begins = !this.#isFollowing && last !== -1 && isPair[(last << 8) | byte] === 1;
      if (begins) for (const walk of this.#walks) walk.begin(last);
      if (begins || this.#isFollowing) this.#follow(byte, at + 1, onFound);
      last = byte;
    }
    this.#last = last;
  }

  /** The longest beginning of a pattern that the last bytes are; null when they are none. */
  get longestBegun(): Begun | null {
    let longest: Walk | null = null;
    for (const walk of this.#walks) if (walk.length > (longest?.length ?? 0)) longest = walk;
    if (longest !== null) return longest.begun;
    const index = this.#last === -1 ? -1 : (this.#index.byFirst[this.#last] ?? -1);
    return index === -1 ? null : { index, bytes: 1, gaps: [] };
  }

  /** Forgets what has begun. */
  reset(): void {
    for (const walk of this.#walks) walk.reset();
    this.#isFollowing = false;
    this.#last = -1;
  }

  #follow(byte: number, end: number, onFound: (found: Found) => void): void {
    let isFollowing = false;
    for (const walk of this.#walks) {
      const length = walk.step(byte);
      if (length > 0) onFound({ start: end - length, end });
      isFollowing ||= walk.length > 1;
    }
    this.#isFollowing = isFollowing;
    if (!isFollowing) for (const walk of this.#walks) walk.reset();
  }
}

/** One stream's way through one group: always at the longest beginning of a pattern that the last bytes are. */
class Walk {
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

  /** With the first byte of a pattern, if it is one. */
  begin(byte: number): void {
    this.reset();
    this.#node = this.#group.trie.child(ROOT, byte);
    this.#depth = this.#taken = this.#node === ROOT ? 0 : 1;
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
  }

  #skip(byte: number): 0 {
    const isRun =
      this.#gaps.at(-MAX_GAP_BYTES)?.[0] === this.#taken && this.#gaps.length - this.#firstGap >= MAX_GAP_BYTES;
    if (this.#depth < this.#gapsAfter || isRun) this.reset();
    else this.#gaps.push([this.#taken, byte]);
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
    } while (this.#firstGapAt() < this.#gapsAfter);
  }

  #dropGaps(): void {
    while (this.#firstGapAt() <= 0) this.#firstGap++;
    if (this.#firstGap < MANY_GAPS || this.#firstGap * 2 < this.#gaps.length) return;
    this.#gaps = this.#gaps.slice(this.#firstGap);
    this.#firstGap = 0;
  }

  /** How many bytes of the pattern lie before the first gap. */
  #firstGapAt(): number {
    const gap = this.#gaps[this.#firstGap];
    return gap === undefined ? Infinity : gap[0] - (this.#taken - this.#depth);
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
