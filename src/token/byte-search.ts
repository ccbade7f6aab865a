/** A place where a pattern was found; `end` is exclusive. */
export interface Found {
  start: number;
  end: number;
}

/** The beginning of a pattern, which is what the last bytes of a stream are. */
export interface Begun {
  /** Which pattern, in the order in which they were given. */
  index: number;
  bytes: number;
}

interface Candidate {
  readonly index: number;
  readonly pattern: Buffer;
  /** `fallback[n]`: how much of the pattern still matches when the byte after its first `n + 1` does not. */
  readonly fallback: Uint32Array;
  /** How many bytes of the pattern the last bytes of the stream are. */
  matched: number;
}

/**
 * Finds every occurrence of several patterns in a stream, overlapping ones too, by Knuth, Morris and Pratt: no byte is
 * looked at twice, so that no text and no pattern makes it slow. A pattern has two bytes or more.
 */
export class ByteSearch {
  readonly #byFirstByte: Candidate[][] = Array.from({ length: 256 }, () => []);
  /** Those of which something has matched: almost always few. */
  #begun: Candidate[] = [];

  constructor(patterns: Buffer[]) {
    for (const [index, pattern] of patterns.entries()) {
      const candidate = { index, pattern, fallback: fallbackOf(pattern), matched: 0 };
      this.#byFirstByte[pattern[0] ?? 0]?.push(candidate);
    }
  }

  /** Goes on with `bytes` from `from`; positions are those of `bytes`, before its beginning for a match begun earlier. */
  scan(bytes: Buffer, from: number, onFound: (found: Found) => void): void {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#begun.length > 0) this.#goOn(byte, at + 1, onFound);
      for (const candidate of this.#byFirstByte[byte] ?? []) {
        if (candidate.matched > 0) continue;
        candidate.matched = 1;
        this.#begun.push(candidate);
      }
    }
  }

  /** The longest beginning of a pattern that the last bytes are; null when they are none. */
  get longestBegun(): Begun | null {
    let longest: Candidate | null = null;
    for (const candidate of this.#begun) if (candidate.matched > (longest?.matched ?? 0)) longest = candidate;
    return longest && { index: longest.index, bytes: longest.matched };
  }

  /** Forgets what has begun. */
  reset(): void {
    for (const candidate of this.#begun) candidate.matched = 0;
    this.#begun = [];
  }

  #goOn(byte: number, end: number, onFound: (found: Found) => void): void {
    let left = 0;
    for (const candidate of this.#begun) {
      const { pattern, fallback } = candidate;
      candidate.matched = longer(candidate, byte);
      if (candidate.matched === pattern.length) {
        onFound({ start: end - pattern.length, end });
        candidate.matched = fallback[pattern.length - 1] ?? 0;
      }
      if (candidate.matched > 0) this.#begun[left++] = candidate;
    }
    this.#begun.length = left;
  }
}

function longer(
  { pattern, fallback, matched }: Pick<Candidate, 'pattern' | 'fallback' | 'matched'>,
  byte: number,
): number {
  let length = matched;
  while (length > 0 && pattern[length] !== byte) length = fallback[length - 1] ?? 0;
  return pattern[length] === byte ? length + 1 : 0;
}

function fallbackOf(pattern: Buffer): Uint32Array {
  const fallback = new Uint32Array(pattern.length);
  for (const [i, byte] of pattern.entries()) {
    if (i > 0) fallback[i] = longer({ pattern, fallback, matched: fallback[i - 1] ?? 0 }, byte);
  }
  return fallback;
}
