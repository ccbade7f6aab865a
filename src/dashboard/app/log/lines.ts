import type { LogRecord } from '../client/wire.ts';
import { carriedBehind } from './colours.ts';
import { withPiece, type States } from './states.ts';

/** What the page keeps of a log; all of it is in the log itself. */
const MAX_LINES = 200_000;
const MAX_CHARS = 64 * 1024 * 1024;
/** Forgotten at a time: moving the rest for each line that comes would take all the time there is. */
const FORGET = 20_000;

/** One line, of however many records; with the number and the time of the first. */
export interface LogLine extends Pick<LogRecord, 'id' | 'time' | 'stream'>, States {}

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
  /** Lines of which only pieces have come. */
  readonly #begun = new Map<LogRecord['stream'], LogLine>();

  /** Those of the streams that are shown, oldest first. */
  get shown(): readonly LogLine[] {
    return this.#chosen;
  }

  show(shown: Shown): void {
    this.#shown = shown;
    this.#choose();
  }

  add(records: LogRecord[]): void {
    for (const { id, time, stream, text, partial } of records) {
      const carried = this.#carried[stream];
      const begun = this.#begun.get(stream);
      const line = begun ?? { id, time, stream, text: '', carried, more: 0, overdrawn: 0 };
      this.#chars -= line.text.length;
      Object.assign(line, withPiece(line, text));
      this.#chars += line.text.length;
      if (text.includes('\u001b')) this.#carried[stream] = carriedBehind(text, carried);
      if (begun === undefined) this.#push(line);
      if (partial) this.#begun.set(stream, line);
      else this.#begun.delete(stream);
    }
    if (this.#lines.length > MAX_LINES || this.#chars > MAX_CHARS) this.#forget();
  }

  #push(line: LogLine): void {
    this.#lines.push(line);
    if (this.#chosen !== this.#lines && line.stream === this.#shown) this.#chosen.push(line);
  }

  #forget(): void {
    let count = 0;
    while (
      count < this.#lines.length - 1 &&
      (count < FORGET || this.#lines.length - count > MAX_LINES || this.#chars > MAX_CHARS)
    ) {
      this.#chars -= this.#lines[count++]?.text.length ?? 0;
    }
    // What goes on of a line that is gone is a line of its own.
    const gone = new Set(this.#lines.slice(0, count));
    for (const [stream, line] of this.#begun) if (gone.has(line)) this.#begun.delete(stream);
    this.forgotten += count;
    this.#lines = this.#lines.slice(count);
    this.#choose();
  }

  #choose(): void {
    this.#chosen = this.#shown === 'all' ? this.#lines : this.#lines.filter(({ stream }) => stream === this.#shown);
  }
}
