import { MAX_LINE_BYTES } from '../../src/session/log-record.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A state of the progress that is kept although the next one overwrites it, so that a long clone is seen to go on. */
const KEEP_EVERY_MS = 2_000;

/**
 * Git draws its progress over one line with carriage returns. Of those states one every two seconds is kept, as a line
 * of its own; what ends with a line break, also with `\r\n`, and what is left at the end is kept always.
 */
export class ProgressFilter {
  #pending: Buffer;
  #keptAtMs: number | null;

  /** Goes on from what an earlier filter had. */
  constructor(pending: Buffer = Buffer.alloc(0), keptAtMs: number | null = null) {
    this.#pending = pending;
    this.#keptAtMs = keptAtMs;
  }

  /** The state of the progress that is being written. */
  get pending(): Buffer {
    return this.#pending;
  }

  /** When a state was last kept; null before the first. */
  get keptAtMs(): number | null {
    return this.#keptAtMs;
  }

  push(bytes: Uint8Array, timeMs: number): Buffer {
    // The first state comes at once; one is worth seeing only when it takes longer.
    this.#keptAtMs ??= timeMs;
    const kept: Buffer[] = [];
    let rest: Buffer = Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const end = rest.findIndex((byte) => byte === NEWLINE || byte === CARRIAGE_RETURN);
      // A carriage return at the very end may be half of a line break.
      if (end === -1 || (rest[end] === CARRIAGE_RETURN && end + 1 === rest.length)) break;
      const isBreak = rest[end] === NEWLINE || rest[end + 1] === NEWLINE;
      if (isBreak || timeMs - this.#keptAtMs >= KEEP_EVERY_MS) {
        kept.push(rest.subarray(0, end), Buffer.from('\n'));
        this.#keptAtMs = timeMs;
      }
      rest = rest.subarray(isBreak && rest[end] === CARRIAGE_RETURN ? end + 2 : end + 1);
    }
    if (rest.length > MAX_LINE_BYTES) {
      kept.push(rest);
      rest = Buffer.alloc(0);
    }
    this.#pending = rest;
    return Buffer.concat(kept);
  }

  /** The last words, when they have no line break. */
  flush(): Buffer {
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    return rest.at(-1) === CARRIAGE_RETURN ? rest.subarray(0, -1) : rest;
  }
}
