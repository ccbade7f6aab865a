/** A place where a pattern was found; `end` is exclusive. */
export interface Found {
  start: number;
  end: number;
}

/** What to look for. It has three bytes or more. */
export interface Pattern {
  bytes: Buffer;
  /** Bytes that may stand between those of the pattern, as programs that wrap lines put them there. */
  gaps?: Gaps;
}

export interface Gaps {
  bytes: readonly number[];
  /** Not before so many bytes of the pattern, two at least: a line that ends as it begins is rarely a wrapped one. */
  after: number;
}

/** So many at one place: CR LF, or a line break and an indent of one. */
const MAX_GAP_BYTES = 2;

/** A byte between those of a pattern, and how many bytes of the pattern lie before it. */
export type Gap = [before: number, byte: number];

/** The beginning of a pattern, which is what the last bytes of a stream are. */
export interface Begun {
  /** Which pattern, in the order in which they were given. */
  index: number;
  /** Of the pattern. */
  bytes: number;
  gaps: Gap[];
}

interface Candidate {
  readonly index: number;
  readonly pattern: Buffer;
  readonly gapBytes: ReadonlySet<number>;
  readonly gapsAfter: number;
  /** `fallback[n]`: how much of the pattern still matches when the byte after its first `n + 1` does not. */
  readonly fallback: Uint32Array;
  /** How many bytes of the pattern the last bytes of the stream are, gaps left out; one alone is not counted. */
  matched: number;
  gaps: Gap[];
}

const NO_GAPS: Gap[] = [];

/**
 * Finds every occurrence of several patterns in a stream, overlapping ones too, by Knuth, Morris and Pratt: no byte is
 * looked at twice, so that no text and no pattern makes it slow. A pattern begins to be followed at its second byte, as
 * one alone is met too often.
 */
export class ByteSearch {
  readonly #byFirstTwo = new Map<number, Candidate[]>();
  /** The first pattern that begins with a byte. */
  readonly #byFirst = new Map<number, number>();
  /** By byte: it is the first of a pattern, or the second. */
  readonly #isFirst = new Uint8Array(256);
  readonly #isSecond = new Uint8Array(256);
  /** Those of which something has matched: almost always few. */
  #begun: Candidate[] = [];
  /** The last byte of the stream; null before the first. */
  #last: number | null = null;

  constructor(patterns: Pattern[]) {
    for (const [index, { bytes: pattern, gaps }] of patterns.entries()) {
      const [first = 0, second = 0] = pattern;
      const fallback = fallbackOf(pattern);
      const gapBytes = new Set(gaps?.bytes);
      const candidate = { index, pattern, gapBytes, gapsAfter: gaps?.after ?? 0, fallback, matched: 0, gaps: NO_GAPS };
      const pair = (first << 8) | second;
      this.#byFirstTwo.set(pair, [...(this.#byFirstTwo.get(pair) ?? []), candidate]);
      if (!this.#byFirst.has(first)) this.#byFirst.set(first, index);
      this.#isFirst[first] = 1;
      this.#isSecond[second] = 1;
    }
  }

  /** Goes on with `bytes` from `from`; positions are those of `bytes`, before its beginning for a match begun earlier. */
  scan(bytes: Buffer, from: number, onFound: (found: Found) => void): void {
    let last = this.#last;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#begun.length > 0) this.#goOn(byte, at + 1, onFound);
      if (last !== null && this.#isFirst[last] === 1 && this.#isSecond[byte] === 1) this.#begin((last << 8) | byte);
      last = byte;
    }
    this.#last = last;
  }

  /** The longest beginning of a pattern that the last bytes are; null when they are none. */
  get longestBegun(): Begun | null {
    let longest: Candidate | null = null;
    for (const candidate of this.#begun) {
      if (longest === null || lengthOf(candidate) > lengthOf(longest)) longest = candidate;
    }
    if (longest !== null) return { index: longest.index, bytes: longest.matched, gaps: longest.gaps };
    const index = this.#last === null ? undefined : this.#byFirst.get(this.#last);
    return index === undefined ? null : { index, bytes: 1, gaps: NO_GAPS };
  }

  /** Forgets what has begun. */
  reset(): void {
    for (const candidate of this.#begun) fallTo(candidate, 0);
    this.#begun = [];
    this.#last = null;
  }

  #begin(pair: number): void {
    for (const candidate of this.#byFirstTwo.get(pair) ?? []) {
      if (candidate.matched > 0) continue;
      candidate.matched = 2;
      this.#begun.push(candidate);
    }
  }

  #goOn(byte: number, end: number, onFound: (found: Found) => void): void {
    let left = 0;
    for (const candidate of this.#begun) {
      const { pattern, fallback } = candidate;
      advance(candidate, byte);
      if (candidate.matched === pattern.length) {
        onFound({ start: end - lengthOf(candidate), end });
        fallTo(candidate, fallback[pattern.length - 1] ?? 0);
      }
      if (candidate.matched > 0) this.#begun[left++] = candidate;
    }
    this.#begun.length = left;
  }
}

/** In the stream. */
function lengthOf({ matched, gaps }: Candidate): number {
  return matched + gaps.length;
}

function advance(candidate: Candidate, byte: number): void {
  const { pattern, gapBytes } = candidate;
  if (pattern[candidate.matched] !== byte && gapBytes.has(byte)) return skip(candidate, byte);
  while (candidate.matched > 0 && pattern[candidate.matched] !== byte) {
    fallTo(candidate, candidate.fallback[candidate.matched - 1] ?? 0);
  }
  if (candidate.matched > 0) candidate.matched++;
}

function skip(candidate: Candidate, byte: number): void {
  const { matched, gaps } = candidate;
  const here = gaps.filter(([before]) => before === matched).length;
  if (matched < candidate.gapsAfter || here === MAX_GAP_BYTES) fallTo(candidate, 0);
  else candidate.gaps = [...gaps, [matched, byte]];
}

/** The next shorter beginning, of this many bytes, or a shorter one yet where a gap would lie too near to its start. */
function fallTo(candidate: Candidate, length: number): void {
  const from = candidate.matched;
  let to = length;
  let gaps = NO_GAPS;
  if (candidate.gaps.length > 0) {
    const moved = (shorter: number): Gap[] =>
      candidate.gaps.flatMap(([before, byte]): Gap[] => {
        const at = before - (from - shorter);
        return at > 0 ? [[at, byte]] : [];
      });
    for (gaps = moved(to); to > 0 && gaps.some(([at]) => at < candidate.gapsAfter); gaps = moved(to)) {
      to = candidate.fallback[to - 1] ?? 0;
    }
  }
  candidate.matched = to < 2 ? 0 : to;
  candidate.gaps = to < 2 ? NO_GAPS : gaps;
}

function fallbackOf(pattern: Buffer): Uint32Array {
  const fallback = new Uint32Array(pattern.length);
  for (let at = 1, length = 0; at < pattern.length; at++) {
    while (length > 0 && pattern[length] !== pattern[at]) length = fallback[length - 1] ?? 0;
    if (pattern[length] === pattern[at]) length++;
    fallback[at] = length;
  }
  return fallback;
}
