import { MAX_CODE_BYTES } from './gap-runs.ts';
import type { Found, PatternIndex } from './byte-search.ts';
import { Walk, type Begun } from './pattern-walk.ts';
import { ESCAPE, TerminalCode } from './terminal-codes.ts';

/** One way to read a stream: its walks through all groups of an index. */
export class Track {
  readonly #index: PatternIndex;
  readonly #walks: Walk[];
  /** Whether some walk is at two bytes or more. */
  #isFollowing = false;
  /** The last byte of the stream, control sequences left out; -1 before the first. */
  #last = -1;
  readonly #code = new TerminalCode();
  /** What of control sequences has come since the last byte, where no walk has taken it. */
  #codeBytes: number[] = [];

  constructor(index: PatternIndex, walks = index.groups.map((group) => new Walk(group))) {
    this.#index = index;
    this.#walks = walks;
  }

  /** The same one at the same place, to go another way from here. No control sequence has been overlooked. */
  copy(): Track {
    const copy = new Track(
      this.#index,
      this.#walks.map((walk) => walk.copy()),
    );
    copy.#isFollowing = this.#isFollowing;
    copy.#last = this.#last;
    return copy;
  }

  /** Takes the bytes between two places. */
  take(bytes: Buffer, [from, to]: [number, number], onFound: (found: Found) => void): void {
    const { isPair } = this.#index;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      const last = this.#last;
      const begins = !this.#isFollowing && last !== -1 && isPair[(last << 8) | byte] === 1;
      if (begins) for (const walk of this.#walks) walk.begin(last, this.#codeBytes);
      if (begins || this.#isFollowing) this.#follow(byte, at + 1, onFound);
      if (this.#codeBytes.length > 0) this.#codeBytes = [];
      this.#last = byte;
    }
  }

  /** The same with one byte, which belongs to no pattern where it is one of a control sequence. False once nothing has begun. */
  overlook(bytes: Buffer, at: number, onFound: (found: Found) => void): boolean {
    const byte = bytes[at] ?? 0;
    if (byte !== ESCAPE && !this.#code.isOpen) this.take(bytes, [at, at + 1], onFound);
    else if (!this.#code.take(byte)) return false;
    else if (this.#isFollowing) this.#passOver(byte);
    else if (this.#codeBytes.push(byte) > MAX_CODE_BYTES) return false;
    return this.begunLength > 0;
  }

  /** How many of the last bytes are the longest beginning of a pattern, with the gaps in it. */
  get begunLength(): number {
    const longest = this.#longest();
    if (longest !== null) return longest.length;
    return this.#firstPattern() === -1 ? 0 : 1 + this.#codeBytes.length;
  }

  /** How many runs of gaps `begun` has. */
  get runs(): number {
    return this.#longest()?.runs ?? 0;
  }

  get begun(): Begun | null {
    const longest = this.#longest();
    if (longest !== null) return longest.begun;
    const index = this.#firstPattern();
    if (index === -1) return null;
    const codes = String.fromCharCode(...this.#codeBytes);
    return { index, bytes: 1, rhythms: codes === '' ? [] : [[1, 0, 1, codes]] };
  }

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

  #passOver(byte: number): void {
    for (const walk of this.#walks) walk.passOver(byte);
    this.#isFollowing = this.#walks.some((walk) => walk.length > 1);
    if (!this.#isFollowing) this.reset();
  }

  #longest(): Walk | null {
    let longest: Walk | null = null;
    for (const walk of this.#walks) if (walk.length > (longest?.length ?? 0)) longest = walk;
    return longest;
  }

  /** That the last byte is the first of. */
  #firstPattern(): number {
    return this.#last === -1 ? -1 : (this.#index.byFirst[this.#last] ?? -1);
  }
}
