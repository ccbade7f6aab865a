import type { LogRecord } from '../../src/session/log-record.ts';

export type NewRecord = Omit<LogRecord, 'id'>;

/** What a record takes besides its text: about 80 bytes of its own, and its share of a commit. */
const RECORD_OVERHEAD_BYTES = 100;

/** Lets records through up to a number of bytes, says once that it ends there, and drops the rest. */
export class LogLimit {
  readonly #maxBytes: number;
  #bytes: number;
  #isCapped: boolean;

  constructor(maxBytes: number, saved: { bytes?: number; capped?: boolean } = {}) {
    this.#maxBytes = maxBytes;
    this.#bytes = saved.bytes ?? 0;
    this.#isCapped = saved.capped ?? false;
  }

  /** Counted so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** It was said that the log ends; a limit that was raised since does not make it go on with a gap. */
  get isCapped(): boolean {
    return this.#isCapped;
  }

  /** `besides`: bytes that are written with these records and are not in them. */
  pass(records: NewRecord[], time: string, besides = 0): NewRecord[] {
    const passed: NewRecord[] = [];
    if (records.length > 0) this.#bytes += besides;
    for (const record of records) {
      if (this.#isCapped) break;
      this.#bytes += Buffer.byteLength(record.text) + (record.bytes?.length ?? 0) + RECORD_OVERHEAD_BYTES;
      if (this.#bytes <= this.#maxBytes) passed.push(record);
      else passed.push({ time, stream: 'system', code: 'log_capped', text: this.#mark() });
      this.#isCapped = this.#bytes > this.#maxBytes;
    }
    return passed;
  }

  #mark(): string {
    return `The log ends here: it has reached its limit of ${Math.floor(this.#maxBytes / 1024 / 1024)} MB. The command goes on.`;
  }
}
