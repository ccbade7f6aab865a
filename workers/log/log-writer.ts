import { setTimeout as sleep } from 'node:timers/promises';
import { LogTakenOver, type LogAppender } from '../../src/logs/log-appender.ts';
import type { ResumePoint } from '../../src/logs/resume-point.ts';
import type { Logger } from '../../src/ops/log.ts';
import { isOwnFault } from '../../src/ops/own-fault.ts';
import type { LogRecord } from '../../src/session/log-record.ts';
import { Leave } from '../leave.ts';
import type { NewRecord } from './log-limit.ts';

/** More than this in memory, and whoever writes must wait. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const RECORD_OVERHEAD_BYTES = 300;
/** Reports that give no record are committed when there are so many bytes of them, or with the next record. */
const COMMIT_EVERY_BYTES = 16 * 1024;
const RETRY_MS = 500;

export interface LogWriterOptions {
  appender: Pick<LogAppender, 'append'>;
  /** Whose reports are processed. */
  source: string;
  /** Where to go on in them. */
  from: { at: number; lastId: number };
  /** What the processing must remember after everything that was added so far. */
  snapshot(): Pick<ResumePoint, 'state' | 'tails'>;
  /** Called after each commit with its offset. */
  onStored(at: number): void;
  log: Logger;
}

/**
 * Numbers a session's records and commits them in order, in as few writes as they arrive in. Nothing is dropped: a disk
 * that does not take them is tried again, while `room` makes its caller wait.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #waiting: LogRecord[] = [];
  #waitingBytes = 0;
  #lastId: number;
  #at: number;
  #committedAt: number;
  #mustCommit = false;
  #flushing: Promise<void> | null = null;
  /** Why nothing more is written: another writer has the log, or a fault of ours. */
  #over: { why: unknown } | null = null;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#lastId = options.from.lastId;
    this.#at = options.from.at;
    this.#committedAt = this.#at;
  }

  /** Offset in the raw reports up to which all was added. */
  get at(): number {
    return this.#at;
  }

  /** Adds what the reports up to an offset gave. Throws `Leave` when another writer has the log by now. */
  add(records: NewRecord[], at: number): void {
    if (this.#over !== null) throw this.#over.why;
    for (const record of records) {
      this.#waiting.push({ id: String(++this.#lastId), ...record });
      this.#waitingBytes += bytesWaiting(record);
    }
    this.#at = at;
    this.#begin();
  }

  /** Resolves when more may be added. Throws `Leave`. */
  async room(): Promise<void> {
    if (this.#waitingBytes > MAX_WAITING_BYTES) await this.#flushing;
    if (this.#over !== null) throw this.#over.why;
  }

  /** Resolves when everything added so far is committed. Throws `Leave`. */
  async flushed(): Promise<void> {
    this.#mustCommit = true;
    this.#begin();
    await this.#flushing;
    if (this.#over !== null) throw this.#over.why;
  }

  #begin(): void {
    if (this.#isDue()) this.#flushing ??= this.#flush();
  }

  #isDue(): boolean {
    if (this.#over !== null) return false;
    return this.#waiting.length > 0 || this.#at - this.#committedAt >= (this.#mustCommit ? 1 : COMMIT_EVERY_BYTES);
  }

  async #flush(): Promise<void> {
    // A turn of the loop lets the records of one read go together.
    await Promise.resolve();
    while (this.#isDue()) {
      const records = this.#waiting;
      const progress = { source: this.#options.source, at: this.#at, lastId: this.#lastId };
      const resume = { ...progress, ...this.#options.snapshot() };
      this.#waiting = [];
      await this.#commit(records, resume);
      this.#waitingBytes = this.#waiting.reduce((sum, record) => sum + bytesWaiting(record), 0);
    }
    this.#flushing = null;
  }

  async #commit(records: LogRecord[], resume: ResumePoint): Promise<void> {
    for (;;) {
      try {
        await this.#options.appender.append(records, resume);
        this.#committedAt = resume.at;
        return this.#options.onStored(resume.at);
      } catch (error) {
        if (error instanceof LogTakenOver) {
          this.#over = { why: new Leave('cut_off', { cause: error }) };
          return;
        }
        if (isOwnFault(error)) {
          this.#over = { why: error };
          return;
        }
        const { log } = this.#options;
        log.warn({ err: error, records: records.length }, 'log lines wait, the disk does not take them');
        await sleep(RETRY_MS);
      }
    }
  }
}

function bytesWaiting({ text, bytes = '' }: NewRecord): number {
  return text.length + bytes.length + RECORD_OVERHEAD_BYTES;
}
