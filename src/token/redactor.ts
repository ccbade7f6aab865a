import { createHash } from 'node:crypto';
import { ByteSearch, indexPatterns, patternBytes, type Found, type PatternIndex } from './byte-search.ts';
import { withGaps, type Rhythm } from './gap-runs.ts';
import type { Secret } from './secret.ts';
import { formsOf } from './secret-forms.ts';

const MASK = Buffer.from('[secret]');
const NEWLINE = 0x0a;
/** Marks patterns in whose beginnings an earlier version would not see the gaps. */
const WITH_RHYTHMS = '+';

/** Masks secrets in a stream of bytes, however it is cut. */
export interface Redactor {
  /** What can be said for sure so far; holds back only what may be the beginning of a secret. */
  push(chunk: Uint8Array): Buffer;
  /** The rest. The next byte then begins a new stream. */
  flush(): Buffer;
  /** What is held back, in a form that may be written down; null when it is nothing. */
  readonly heldBack: HeldBack | null;
  /** How many runs of gaps that has. */
  readonly runs: number;
}

/**
 * What a redactor holds back, without a byte of it: it is the beginning of one of the patterns, and whoever knows the
 * secrets knows the patterns.
 */
export interface HeldBack {
  /** Tells whether the patterns are the same. */
  patterns: string;
  /** Which pattern, and how many bytes of it; 0 when nothing is held back but all is `covered`. */
  index: number;
  bytes: number;
  /** Line breaks and the like between them; absent when none. */
  rhythms?: Rhythm[];
  /** The same as earlier versions wrote it: how many bytes lie before it, and the byte. */
  gaps?: [before: number, byte: number][];
  /** So many of the bytes are covered by a mask that is already out. */
  shown: number;
  /** All up to the next line break belongs to a mask that is already out. */
  covered?: true;
}

/** Bytes to mask; `shown` when its mask is already out, with its first bytes. */
interface Span extends Found {
  shown: boolean;
}

/** All that is to be masked in a session, made ready once for each of its streams. */
export interface MaskedForms {
  readonly index: PatternIndex;
  /** See `fingerprint`. */
  readonly fingerprint: string;
}

export function maskedForms(secrets: Secret[]): MaskedForms {
  const index = indexPatterns(formsOf(secrets));
  return { index, fingerprint: fingerprint(index) };
}

/** Nothing is to be masked. */
export const NO_FORMS = maskedForms([]);

/** Masks each value in all forms of `formsOf`. Where occurrences overlap, one mask stands for all of them. */
export function createRedactor(secrets: Secret[]): Redactor {
  return resumeRedactor(maskedForms(secrets), null).redactor;
}

/**
 * Goes on where another redactor stopped, perhaps in another process. When the patterns are not the same any more (this
 * program knows other forms of the secrets), nobody can tell what was held back: `out` is a mask for it, and all up to
 * the next line break belongs to that mask.
 */
export function resumeRedactor(forms: MaskedForms, saved: HeldBack | null): { redactor: Redactor; out: Buffer } {
  const { fingerprint: patterns } = forms;
  const search = new ByteSearch(forms.index);
  let held: Buffer = Buffer.alloc(0);
  let spans: Span[] = [];
  let covered = false;
  let out: Buffer = Buffer.alloc(0);

  const giveUpTo = (bytes: Buffer, end: number): Buffer => {
    const given = masked(bytes.subarray(0, end), spans);
    held = bytes.subarray(end);
    spans = spans
      .filter((span) => span.end > end)
      .map((span) => ({
        start: Math.max(0, span.start - end),
        end: span.end - end,
        shown: span.shown || span.start < end,
      }));
    return given;
  };

  const restore = ({ index, bytes, gaps = [], rhythms, shown }: HeldBack): void => {
    const earlier = gaps.map(([before, byte]): Rhythm => [before, 0, 1, String.fromCharCode(byte)]);
    held = withGaps(patternBytes(forms.index, index).subarray(0, bytes), rhythms ?? earlier);
    search.scan(held, 0, (found) => addSpan(spans, found));
    // What was found before `held` is not found again; what lies in it is part of that.
    if (shown > 0) spans = [{ start: 0, end: shown, shown: true }, ...spans.filter(({ start }) => start >= shown)];
  };

  /** The chunk less what belongs to a mask that is out. */
  const uncovered = (chunk: Uint8Array): Uint8Array => {
    if (!covered) return chunk;
    const end = chunk.indexOf(NEWLINE);
    covered = end === -1;
    return covered ? new Uint8Array() : chunk.subarray(end);
  };

  if (saved !== null && [patterns, patterns + WITH_RHYTHMS].includes(saved.patterns)) {
    covered = saved.covered ?? false;
    restore(saved);
  } else if (saved !== null) {
    covered = true;
    if (saved.shown === 0 && !saved.covered) out = MASK;
  }

  const redactor: Redactor = {
    push(chunk) {
      const bytes = Buffer.concat([held, uncovered(chunk)]);
      search.scan(bytes, held.length, (found) => addSpan(spans, found));
      return giveUpTo(bytes, bytes.length - search.begunLength);
    },
    flush() {
      search.reset();
      covered = false;
      return giveUpTo(held, held.length);
    },
    get runs() {
      return search.runs;
    },
    get heldBack() {
      if (covered) return { patterns, index: 0, bytes: 0, shown: 0, covered };
      const begun = search.longestBegun;
      if (begun === null) return null;
      const { index, bytes, rhythms } = begun;
      const shown = spans[0]?.shown ? spans[0].end : 0;
      if (rhythms.length === 0) return { patterns, index, bytes, shown };
      return { patterns: patterns + WITH_RHYTHMS, index, bytes, rhythms, shown };
    },
  };
  return { redactor, out };
}

/** The text with every secret masked; for messages and events. */
export function redactText(secrets: Secret[], text: string): string {
  const redactor = createRedactor(secrets);
  return Buffer.concat([redactor.push(Buffer.from(text)), redactor.flush()]).toString();
}

/**
 * Sixteen bits over all patterns together: enough to see that they differ, and too short to check a guess by. Where the
 * session's token is among them it cannot be computed without that.
 */
function fingerprint({ groups }: PatternIndex): string {
  const hash = createHash('sha256');
  for (const { trie, gaps } of groups) {
    hash.update(JSON.stringify([trie.entries, gaps ?? null]));
    for (const part of trie.content) hash.update(part);
  }
  return hash.digest('hex').slice(0, 4);
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
