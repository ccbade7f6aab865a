/** So many of a gap are control sequences: the end of one colour and the beginning of another, and some more. */
export const MAX_CODE_BYTES = 64;
/** Wrapped and dumped texts have some two for each line, and what has more is no such text. */
const MAX_RUNS = 1_024;
/** Of all runs together. */
const MAX_RUN_BYTES = 4_096;

/** Gaps of the same bytes at even distances: before the first, from each to the next, how many, and the bytes as Latin-1. */
export type Rhythm = [before: number, every: number, count: number, bytes: string];

interface Run {
  /** How many bytes were taken before the first of its gaps. */
  at: number;
  every: number;
  count: number;
  bytes: string;
  hasBreak: boolean;
}

/**
 * The gaps in what a walk has followed. Programs that wrap and dump make them at even distances, so they are kept as runs: the
 * whole takes little however long the text is, and what has no rhythm is given up early.
 */
export class GapRuns {
  #runs: Run[] = [];
  #first = 0;
  #runBytes = 0;
  /** The one that later bytes may belong to. */
  #open: Run | null = null;
  #openBreaks = 0;
  #bytes = 0;

  /** Of all gaps. */
  get bytes(): number {
    return this.#bytes;
  }

  get runs(): number {
    return this.#runs.length - this.#first + (this.#open === null ? 0 : 1);
  }

  copy(): GapRuns {
    const copy = new GapRuns();
    if (this.#bytes === 0) return copy;
    copy.#runs = this.#runs.slice(this.#first).map((run) => ({ ...run }));
    copy.#open = this.#open && { ...this.#open };
    [copy.#runBytes, copy.#openBreaks, copy.#bytes] = [this.#runBytes, this.#openBreaks, this.#bytes];
    return copy;
  }

  /**
   * Another byte of a gap after so many bytes taken; false where that is too much for a gap, or for a rhythm. `mostBreaks`: as many
   * as the group has at one place, where the byte is one of these; 0 for one of a control sequence.
   */
  add(taken: number, byte: number, mostBreaks: number): boolean {
    if (this.#open?.at !== taken) {
      this.#close();
      this.#open = { at: taken, every: 0, count: 1, bytes: '', hasBreak: false };
      this.#openBreaks = 0;
    }
    this.#open.bytes += String.fromCharCode(byte);
    this.#bytes++;
    if (mostBreaks > 0) {
      this.#open.hasBreak = true;
      this.#openBreaks++;
    }
    const codeBytes = this.#open.bytes.length - this.#openBreaks;
    const fits = (mostBreaks === 0 || this.#openBreaks <= mostBreaks) && codeBytes <= MAX_CODE_BYTES;
    return fits && this.runs <= MAX_RUNS && this.#runBytes <= MAX_RUN_BYTES;
  }

  /** Forgets the gaps before `start`, in bytes taken. */
  dropTo(start: number): void {
    for (let run = this.#runs[this.#first]; run !== undefined && run.at <= start; run = this.#runs[this.#first]) {
      const over = run.every === 0 ? 1 : Math.min(run.count, Math.floor((start - run.at) / run.every) + 1);
      this.#bytes -= over * run.bytes.length;
      run.at += over * run.every;
      run.count -= over;
      if (run.count > 0) break;
      this.#runBytes -= run.bytes.length;
      this.#first++;
    }
    if (this.#first > MAX_RUNS || this.#first === this.#runs.length)
      [this.#runs, this.#first] = [this.#runs.slice(this.#first), 0];
    if (this.#open !== null && this.#open.at <= start) {
      this.#bytes -= this.#open.bytes.length;
      this.#open = null;
    }
  }

  /** How many bytes were taken before the first gap that is the group's; Infinity where there is none. */
  get firstBreak(): number {
    for (let at = this.#first; at < this.#runs.length; at++) {
      const run = this.#runs[at];
      if (run?.hasBreak === true) return run.at;
    }
    return this.#open?.hasBreak === true ? this.#open.at : Infinity;
  }

  /** Of the gaps behind `start`, in bytes taken. */
  bytesAfter(start: number): number {
    let bytes = this.#bytes;
    for (let at = this.#first; at < this.#runs.length; at++) {
      const run = this.#runs[at];
      if (run === undefined || run.at > start) break;
      const before = run.every === 0 ? 1 : Math.min(run.count, Math.floor((start - run.at) / run.every) + 1);
      bytes -= before * run.bytes.length;
    }
    return this.#open !== null && this.#open.at <= start ? bytes - this.#open.bytes.length : bytes;
  }

  /** Counted from `start`. */
  rhythms(start: number): Rhythm[] {
    const all = [...this.#runs.slice(this.#first), ...(this.#open === null ? [] : [this.#open])];
    return all.map(({ at, every, count, bytes }) => [at - start, every, count, bytes]);
  }

  clear(): void {
    if (this.#bytes === 0) return;
    [this.#runs, this.#first, this.#runBytes, this.#bytes, this.#open] = [[], 0, 0, 0, null];
  }

  #close(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const last = this.#first < this.#runs.length ? this.#runs.at(-1) : undefined;
    const distance = last === undefined ? 0 : open.at - (last.at + (last.count - 1) * last.every);
    if (last?.bytes === open.bytes && (last.count === 1 || last.every === distance)) {
      last.every = distance;
      last.count++;
    } else {
      this.#runs.push(open);
      this.#runBytes += open.bytes.length;
    }
  }
}

/** The bytes of a pattern with gaps between them. */
export function withGaps(bytes: Buffer, rhythms: readonly Rhythm[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [before, every, count, gap] of rhythms) {
    const gapBytes = Buffer.from(gap, 'latin1');
    for (let i = 0, place = before; i < count && place <= bytes.length; i++, place += every) {
      pieces.push(bytes.subarray(at, place), gapBytes);
      at = place;
    }
  }
  return Buffer.concat([...pieces, bytes.subarray(at)]);
}
