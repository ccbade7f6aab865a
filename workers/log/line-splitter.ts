import { MAX_LINE_BYTES } from '../../src/session/log-record.ts';

export interface Line {
  text: string;
  partial: boolean;
}

const NEWLINE = 0x0a;

/**
 * Cuts one stream of bytes into lines. A line over `MAX_LINE_BYTES` comes in pieces, all but its last marked partial;
 * a cut never goes through a UTF-8 character.
 */
export class LineSplitter {
  #pending: Buffer;

  /** `pending`: the line that an earlier splitter had begun. */
  constructor(pending: Buffer = Buffer.alloc(0)) {
    this.#pending = pending;
  }

  /** The line that has begun. */
  get pending(): Buffer {
    return this.#pending;
  }

  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    let rest: Buffer = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      const length = end === -1 ? rest.length : end;
      if (length > MAX_LINE_BYTES) {
        const cut = characterStart(rest, MAX_LINE_BYTES);
        lines.push({ text: rest.toString('utf8', 0, cut), partial: true });
        rest = rest.subarray(cut);
      } else if (end === -1) {
        this.#pending = rest;
        return lines;
      } else {
        lines.push({ text: rest.toString('utf8', 0, end), partial: false });
        rest = rest.subarray(end + 1);
      }
    }
  }

  /** The last line, when it has no line break. */
  flush(): Line[] {
    const text = this.#pending.toString();
    this.#pending = Buffer.alloc(0);
    return text === '' ? [] : [{ text, partial: false }];
  }
}

/** The nearest place at or before `at` where a UTF-8 character begins; `at` itself in what is not UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - 4; start--) if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start;
  return at;
}
