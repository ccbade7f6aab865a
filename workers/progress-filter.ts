const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A state of the progress that is kept although the next one overwrites it, so that a long clone is seen to go on. */
const KEEP_EVERY_MS = 2_000;

/**
 * Git draws its progress over one line with carriage returns. Of those states one every two seconds is kept, as a line
 * of its own; what ends with a line break is kept always.
 */
export class ProgressFilter {
  #pending: Buffer = Buffer.alloc(0);
  #keptAtMs: number | null = null;

  push(bytes: Uint8Array, timeMs: number): Buffer {
    // The first state comes at once; one is worth seeing only when it takes longer.
    this.#keptAtMs ??= timeMs;
    const kept: Buffer[] = [];
    let rest: Buffer = Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const end = rest.findIndex((byte) => byte === NEWLINE || byte === CARRIAGE_RETURN);
      if (end === -1) break;
      const isTransient = rest[end] === CARRIAGE_RETURN;
      if (!isTransient || timeMs - this.#keptAtMs >= KEEP_EVERY_MS) {
        kept.push(rest.subarray(0, end), Buffer.from('\n'));
        this.#keptAtMs = timeMs;
      }
      rest = rest.subarray(end + 1);
    }
    this.#pending = rest;
    return Buffer.concat(kept);
  }
}
