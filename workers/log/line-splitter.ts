import { isUtf8 } from 'node:buffer';
import { MAX_LINE_BYTES, type LogRecord } from '../../src/session/log-record.ts';

/** A line or a piece of one, as a record has it. */
export interface Line extends Pick<LogRecord, 'text' | 'bytes'> {
  partial: boolean;
}

const NEWLINE = 0x0a;
const MAX_CHARACTER_BYTES = 4;

/**
 * Cuts one stream of bytes into lines. A line over `MAX_LINE_BYTES` comes in pieces, as does one of which the beginning
 * is asked for before its end has come; all but the last piece are marked partial. A cut goes through a UTF-8 character
 * only where `takeBegun` has nothing else to give. The lines say every byte that was pushed.
 */
export class LineSplitter {
  #pending: Buffer;

  /** `pending`: the line that an earlier splitter had begun. */
  constructor(pending: Buffer = Buffer.alloc(0)) {
    this.#pending = pending;
  }

  /** What has come of a line and was not given yet. */
  get pending(): Buffer {
    return this.#pending;
  }

  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    let rest: Buffer = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    // One look at all of it costs much less than one at each line.
    const isText = isUtf8(rest.subarray(0, rest.lastIndexOf(NEWLINE) + 1));
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      const length = end === -1 ? rest.length : end;
      if (length > MAX_LINE_BYTES) {
        const cut = characterStart(rest, MAX_LINE_BYTES);
        lines.push(lineOf(rest.subarray(0, cut), true));
        rest = rest.subarray(cut);
      } else if (end === -1) {
        this.#pending = rest;
        return lines;
      } else {
        lines.push(
          isText ? { text: rest.toString('utf8', 0, end), partial: false } : lineOf(rest.subarray(0, end), false),
        );
        rest = rest.subarray(end + 1);
      }
    }
  }

  /** The beginning of a line whose end has not come, up to its last whole character; [] when there is none. */
  takeWhole(): Line[] {
    return this.#take(wholeCharacters(this.#pending));
  }

  /** The same, and half a character too when there is nothing else. */
  takeBegun(): Line[] {
    return this.#take(wholeCharacters(this.#pending) || this.#pending.length);
  }

  /** The last line, when it has no line break. */
  flush(): Line[] {
    return this.#take(this.#pending.length);
  }

  #take(length: number): Line[] {
    if (length === 0) return [];
    const line = lineOf(this.#pending.subarray(0, length), true);
    this.#pending = this.#pending.subarray(length);
    return [line];
  }
}

function lineOf(bytes: Buffer, partial: boolean): Line {
  const text = bytes.toString();
  return isUtf8(bytes) ? { text, partial } : { text, bytes: bytes.toString('base64'), partial };
}

/** The nearest place at or before `at` where a UTF-8 character begins; `at` itself in what is not UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - MAX_CHARACTER_BYTES; start--) if (!isContinuation(bytes[start])) return start;
  return at;
}

/** How many bytes lie before a character of which the end has not come. */
function wholeCharacters(bytes: Buffer): number {
  for (let start = bytes.length - 1; start >= Math.max(0, bytes.length - MAX_CHARACTER_BYTES); start--) {
    const byte = bytes[start] ?? 0;
    if (!isContinuation(byte)) return start + lengthFrom(byte) > bytes.length ? start : bytes.length;
  }
  return bytes.length;
}

function isContinuation(byte: number | undefined): boolean {
  return ((byte ?? 0) & 0xc0) === 0x80;
}

/** Of a character that begins with this byte; 1 for what begins none. */
function lengthFrom(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 1;
}
