import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../src/ops/log.ts';
import type { LogRecord } from '../src/session/log-record.ts';

/** Stores records in order; safe to repeat with the same ids. */
export type AppendRecords = (records: LogRecord[]) => Promise<void>;

const MAX_BATCH = 500;
/** More than this in memory, and whoever writes must wait. */
const MAX_WAITING_RECORDS = 2_000;
const RETRY_MS = 500;

/**
 * Numbers a session's records and stores them in order, in as few round trips as they arrive in. Nothing is dropped: a
 * store that is away is tried again, while `write` makes its caller wait.
 */
export class LogWriter {
  readonly #append: AppendRecords;
  readonly #log: Logger;
  #waiting: LogRecord[] = [];
  #lastId = 0;
  #flushing: Promise<void> | null = null;

  constructor(append: AppendRecords, log: Logger) {
    this.#append = append;
    this.#log = log;
  }

  async write(records: Omit<LogRecord, 'id'>[]): Promise<void> {
    for (const record of records) this.#waiting.push({ id: String(++this.#lastId), ...record });
    this.#flushing ??= this.#flush();
    if (this.#waiting.length > MAX_WAITING_RECORDS) await this.#flushing;
  }

  /** Resolves when everything written so far is stored. */
  async flushed(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // A turn of the loop lets the records of one read go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      try {
        await this.#append(batch);
        this.#waiting = this.#waiting.slice(batch.length);
      } catch (error) {
        this.#log.warn({ err: error, records: this.#waiting.length }, 'log lines wait, the store does not take them');
        await sleep(RETRY_MS);
      }
    }
    this.#flushing = null;
  }
}
