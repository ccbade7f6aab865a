import type { LogRecord } from '../client/wire.ts';
import { carriedBehind } from './colours.ts';

/** What the page keeps of a log; all of it is in the log itself. */
const MAX_LINES = 200_000;
const MAX_CHARS = 64 * 1024 * 1024;
/** Forgotten at a time: moving the rest for each line that comes would take all the time there is. */
const FORGET = 20_000;

export interface LogLine extends LogRecord {
  /** Colours that lines before it on its stream have left on. */
  carried: string;
}

export type Shown = 'all' | LogRecord['stream'];

/** The latest lines of a log, in bounded room. */
export class LogLines {
  /** How many of the oldest are not kept any more. */
  forgotten = 0;
  #lines: LogLine[] = [];
  #chosen: LogLine[] = this.#lines;
  #shown: Shown = 'all';
  #chars = 0;
  readonly #carried = { stdout: '', stderr: '', system: '' };

  /** Those of the streams that are shown, oldest first. */
  get shown(): readonly LogLine[] {
    return this.#chosen;
  }

  show(shown: Shown): void {
    this.#shown = shown;
    this.#choose();
  }

  add(records: LogRecord[]): void {
    for (const record of records) {
      const { stream, text } = record;
      const line = { ...record, carried: this.#carried[stream] };
      if (text.includes('\u001b')) this.#carried[stream] = carriedBehind(text, this.#carried[stream]);
      this.#lines.push(line);
      this.#chars += text.length;
      if (this.#chosen !== this.#lines && stream === this.#shown) this.#chosen.push(line);
    }
    if (this.#lines.length > MAX_LINES || this.#chars > MAX_CHARS) this.#forget();
  }

  #forget(): void {
    let count = 0;
    while (
      count < this.#lines.length - 1 &&
      (count < FORGET || this.#lines.length - count > MAX_LINES || this.#chars > MAX_CHARS)
    ) {
      this.#chars -= this.#lines[count++]?.text.length ?? 0;
    }
    this.forgotten += count;
    this.#lines = this.#lines.slice(count);
    this.#choose();
  }

  #choose(): void {
    this.#chosen = this.#shown === 'all' ? this.#lines : this.#lines.filter(({ stream }) => stream === this.#shown);
  }
}
