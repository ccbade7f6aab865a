import { PatternTrie, type Text } from './pattern-trie.ts';
import type { Begun, Gaps, Group } from './pattern-walk.ts';
import { ESCAPE } from './terminal-codes.ts';
import { Track } from './track.ts';

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
  readonly #plain: Track;
  /** What has begun before a control sequence, as if there was none; null: nothing has. */
  #overlooking: Track | null = null;

  constructor(index: PatternIndex) {
    this.#index = index;
    this.#plain = new Track(index);
  }

  /** Goes on with `bytes` from `from`; positions are those of `bytes`, before its beginning for a match begun earlier. */
  scan(bytes: Buffer, from: number, onFound: (found: Found) => void): void {
    for (let at = from; at < bytes.length;) {
      if (this.#overlooking === null) {
        const escape = this.#index.overlooksCodes ? bytes.indexOf(ESCAPE, at) : -1;
        const to = escape === -1 ? bytes.length : escape;
        this.#plain.take(bytes, [at, to], onFound);
        at = to;
        if (at === bytes.length) return;
        if (this.#plain.begunLength > 0) this.#overlooking = this.#plain.copy();
      }
      // A code's own bytes may begin a pattern, too.
      this.#plain.take(bytes, [at, at + 1], onFound);
      if (this.#overlooking?.overlook(bytes, at, onFound) === false) this.#overlooking = null;
      at++;
    }
  }

  /** How many of the last bytes are the longest beginning of a pattern, with the gaps in it. */
  get begunLength(): number {
    return this.#longest().begunLength;
  }

  /** How many runs of gaps `longestBegun` has. */
  get runs(): number {
    return this.#longest().runs;
  }

  /** The longest beginning of a pattern that the last bytes are; null when they are none. */
  get longestBegun(): Begun | null {
    return this.#longest().begun;
  }

  /** Forgets what has begun. */
  reset(): void {
    this.#plain.reset();
    this.#overlooking = null;
  }

  #longest(): Track {
    const other = this.#overlooking;
    return other !== null && other.begunLength > this.#plain.begunLength ? other : this.#plain;
  }
}
