import { MAX_LINE_BYTES } from '../../src/session/log-record.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LINE_BREAK = Buffer.of(NEWLINE);
const NOTHING: Buffer = Buffer.alloc(0);
/** A state of the progress that is kept although the next one overwrites it, so that a long clone is seen to go on. */
const KEEP_EVERY_MS = 1_000;

/**
 * Git draws its progress over one line with carriage returns. Of those states one a second is kept, as a line of its own,
 * and with `takeLatest` the latest one when no other comes; what ends with a line break, also with `\r\n`, and what is left
 * at the end is kept always.
 */
export class ProgressFilter {
  #pending: Buffer;
  #keptAtMs: number | null;

  /** Goes on from what an earlier filter had. */
  constructor(pending: Buffer = Buffer.alloc(0), keptAtMs: number | null = null) {
    this.#pending = pending;
    this.#keptAtMs = keptAtMs;
  }

  /** The latest state that was not kept, and the one that is being written. */
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
    let latest: Buffer = NOTHING;
    for (;;) {
      const end = rest.findIndex((byte) => byte === NEWLINE || byte === CARRIAGE_RETURN);
      // A carriage return at the very end may be half of a line break.
      if (end === -1 || (rest[end] === CARRIAGE_RETURN && end + 1 === rest.length)) break;
      const isBreak = rest[end] === NEWLINE || rest[end + 1] === NEWLINE;
      const length = isBreak && rest[end] === CARRIAGE_RETURN ? end + 2 : end + 1;
      if (isBreak) latest = NOTHING;
      else if (end > 0) latest = rest.subarray(0, length);
      if (isBreak || timeMs - this.#keptAtMs >= KEEP_EVERY_MS) {
        kept.push(rest.subarray(0, end), LINE_BREAK);
        this.#keptAtMs = timeMs;
        latest = NOTHING;
      }
      rest = rest.subarray(length);
    }
    if (rest.length > MAX_LINE_BYTES) {
      kept.push(rest);
      rest = latest = NOTHING;
    }
    const isState = rest.at(-1) === CARRIAGE_RETURN;
    this.#pending = isState || latest.length === 0 ? rest : Buffer.concat([latest, rest]);
    return Buffer.concat(kept);
  }

  /** The state that a reader would see now, as a line; empty when nothing is pending. */
  takeLatest(timeMs: number): Buffer {
    const end = this.#pending.lastIndexOf(CARRIAGE_RETURN);
    const latest = lastState(end === -1 ? this.#pending : this.#pending.subarray(0, end));
    this.#pending = end === -1 ? this.#pending.subarray(0, 0) : this.#pending.subarray(end + 1);
    if (latest.length === 0) return latest;
    this.#keptAtMs = timeMs;
    return Buffer.concat([latest, LINE_BREAK]);
  }

  /** The last words, when they have no line break. */
  flush(): Buffer {
    const latest = lastState(this.#pending);
    this.#pending = Buffer.alloc(0);
    return latest;
  }
}

/** What was drawn last, and is not empty. */
function lastState(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === CARRIAGE_RETURN) end--;
  return bytes.subarray(bytes.subarray(0, end).lastIndexOf(CARRIAGE_RETURN) + 1, end);
}
