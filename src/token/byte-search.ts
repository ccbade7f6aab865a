import { PatternTrie, type Text } from './pattern-trie.ts';
import { MAX_CODE_BYTES, Walk, type Begun, type Gap, type Gaps, type Group } from './pattern-walk.ts';
import { ESCAPE, TerminalCode } from './terminal-codes.ts';

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

/** Patterns made ready to be looked for, by any number of searches at once. */
export interface PatternIndex {
  groups: readonly Group[];
  /** By two bytes: a pattern begins with them. */
  isPair: Uint8Array;
  /** By byte: the first pattern that begins with it; -1 when none does. */
  byFirst: Int32Array;
  /** Control sequences may stand between the bytes of patterns, as none has one itself. */
  overlooksCodes: boolean;
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
  const overlooksCodes = !patterns.some(({ bytes }) => bytes.includes(ESCAPE));
  return { groups, isPair, byFirst, overlooksCodes };
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
  /** The last byte of the stream, control sequences left out; -1 before the first. */
  #last = -1;
  readonly #code = new TerminalCode();
  /** What of control sequences has come since the last byte, where no walk has taken it. */
  #codeBytes: number[] = [];

  constructor(index: PatternIndex) {
    this.#index = index;
    this.#walks = index.groups.map((group) => new Walk(group));
  }

  /** Goes on with `bytes` from `from`; positions are those of `bytes`, before its beginning for a match begun earlier. */
  scan(bytes: Buffer, from: number, onFound: (found: Found) => void): void {
    const { isPair } = this.#index;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if ((byte === ESCAPE || this.#code.isOpen) && this.#overlooks(byte)) continue;
      const last = this.#last;
      const begins = !this.#isFollowing && last !== -1 && isPair[(last << 8) | byte] === 1;
      if (begins) for (const walk of this.#walks) walk.begin(last, this.#codeBytes);
      if (begins || this.#isFollowing) this.#follow(byte, at + 1, onFound);
      if (this.#codeBytes.length > 0) this.#codeBytes = [];
      this.#last = byte;
    }
  }

  /** Takes a byte of a control sequence that may stand between those of a pattern; false where it is none. */
  #overlooks(byte: number): boolean {
    const { overlooksCodes, byFirst } = this.#index;
    const hasBegun = this.#isFollowing || (this.#last !== -1 && byFirst[this.#last] !== -1);
    if (!overlooksCodes || !hasBegun) return false;
    if (!this.#code.take(byte)) {
      this.reset();
      return false;
    }
    if (this.#isFollowing) this.#passOver(byte);
    else if (this.#codeBytes.push(byte) > MAX_CODE_BYTES) this.reset();
    return true;
  }

  #passOver(byte: number): void {
    for (const walk of this.#walks) walk.passOver(byte);
    this.#isFollowing = this.#walks.some((walk) => walk.length > 1);
    if (!this.#isFollowing) this.reset();
  }

  /** The longest beginning of a pattern that the last bytes are; null when they are none. */
  get longestBegun(): Begun | null {
    let longest: Walk | null = null;
    for (const walk of this.#walks) if (walk.length > (longest?.length ?? 0)) longest = walk;
    if (longest !== null) return longest.begun;
    const index = this.#last === -1 ? -1 : (this.#index.byFirst[this.#last] ?? -1);
    if (index === -1) return null;
    return { index, bytes: 1, gaps: this.#codeBytes.map((byte): Gap => [1, byte]) };
  }

  /** Forgets what has begun. */
  reset(): void {
    for (const walk of this.#walks) walk.reset();
    this.#isFollowing = false;
    this.#last = -1;
    this.#code.reset();
    this.#codeBytes = [];
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
