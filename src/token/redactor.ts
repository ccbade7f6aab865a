import { ByteSearch, type Found } from './byte-search.ts';
import type { Secret } from './secret.ts';
import { formsOf } from './secret-forms.ts';

const MASK = Buffer.from('[secret]');

/** Masks secrets in a stream of bytes, however it is cut. */
export interface Redactor {
  /** What can be said for sure so far; holds back only what may be the beginning of a secret. */
  push(chunk: Uint8Array): Buffer;
  /** The rest. The next byte then begins a new stream. */
  flush(): Buffer;
}

/** Bytes to mask; `shown` when its mask is already out, with its first bytes. */
interface Span extends Found {
  shown: boolean;
}

/**
 * Masks each value raw, in base64 and base64url at any alignment, in hex, percent-encoded and JSON-escaped. Values under
 * 4 characters are not masked; under 6, only raw. Where occurrences overlap, one mask stands for all of them.
 */
export function createRedactor(secrets: Secret[]): Redactor {
  const search = new ByteSearch(formsOf(secrets));
  let held: Buffer = Buffer.alloc(0);
  let spans: Span[] = [];

  const giveUpTo = (bytes: Buffer, end: number): Buffer => {
    const out = masked(bytes.subarray(0, end), spans);
    held = bytes.subarray(end);
    spans = spans
      .filter((span) => span.end > end)
      .map((span) => ({
        start: Math.max(0, span.start - end),
        end: span.end - end,
        shown: span.shown || span.start < end,
      }));
    return out;
  };

  return {
    push(chunk) {
      const bytes = Buffer.concat([held, chunk]);
      search.scan(bytes, held.length, (found) => addSpan(spans, found));
      return giveUpTo(bytes, bytes.length - search.begunBytes);
    },
    flush() {
      search.reset();
      return giveUpTo(held, held.length);
    },
  };
}

/** The text with every secret masked; for messages and events. */
export function redactText(secrets: Secret[], text: string): string {
  const redactor = createRedactor(secrets);
  return Buffer.concat([redactor.push(Buffer.from(text)), redactor.flush()]).toString();
}

/** Adds what was found, joined with what it overlaps. The spans are in order, and nothing found ends before them. */
function addSpan(spans: Span[], { start, end }: Found): void {
  const span: Span = { start, end, shown: false };
  for (let last = spans.at(-1); last !== undefined && last.end > span.start; last = spans.at(-1)) {
    spans.pop();
    span.start = Math.min(span.start, last.start);
    span.shown ||= last.shown;
  }
  spans.push(span);
}

/** The bytes with a mask for each span that begins in them. */
function masked(bytes: Buffer, spans: Span[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, shown } of spans) {
    if (start >= bytes.length) break;
    pieces.push(bytes.subarray(at, start));
    if (!shown) pieces.push(MASK);
    at = end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
