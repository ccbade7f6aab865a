import type { FileHandle } from 'node:fs/promises';
import type { LogRecord } from '../session/log-record.ts';
import { lastCommit } from './last-commit.ts';
import { NEWLINE, recordNumber } from './segment-lines.ts';
import { seekRecord } from './seek-record.ts';
import { newestSegment, readBytes, readHeader, sessionDir, withSegment } from './segments.ts';

const PAGE_RECORDS = 500;
const PAGE_BYTES = 256 * 1024;
/** A writer has its header written within milliseconds, or it died before it wrote anything. */
const HEADERLESS_MS = 10_000;

/** Reads one session's log while it is written, over all of its writers. Holds no file open between two calls. */
export interface LogReader {
  /**
   * Committed records after the last ones given, oldest first, at most a page of them; [] when there are none yet, also
   * when there is no log. Throws what the file system says when a log is there and cannot be read.
   */
  next(): Promise<LogRecord[]>;
}

/** `afterId`: as a record has it; `0` is from the beginning. */
export function openLogReader(dir: string, sessionId: string, afterId: string): LogReader {
  return new SegmentReader(sessionDir(dir, sessionId), Number(afterId));
}

interface Readable {
  /** So many bytes of the segment are committed. */
  end: number;
  /** A later segment has said that there will be no more. */
  isFinal: boolean;
}

class SegmentReader implements LogReader {
  readonly #place: string;
  readonly #afterId: number;
  #segment = 1;
  #offset = 0;
  #known: Readable = { end: 0, isFinal: false };

  constructor(place: string, afterId: number) {
    this.#place = place;
    this.#afterId = afterId;
  }

  async next(): Promise<LogRecord[]> {
    for (;;) {
      if (this.#offset < this.#known.end) {
        const records = await withSegment(this.#place, this.#segment, (file) => this.#page(file));
        if (records === null) return [];
        if (records.length > 0) return records;
      } else if (this.#known.isFinal) {
        this.#segment++;
        this.#offset = 0;
        this.#known = { end: 0, isFinal: false };
      } else {
        this.#known = (await readable(this.#place, this.#segment, this.#offset)) ?? this.#known;
        if (this.#offset >= this.#known.end && !this.#known.isFinal) return [];
      }
    }
  }

  /** May be empty where there are only other lines. */
  async #page(file: FileHandle): Promise<LogRecord[]> {
    if (this.#offset === 0) this.#offset = await seekRecord(file, this.#known.end, this.#afterId);
    const bytes = await this.#wholeLines(file);
    const records: LogRecord[] = [];
    let at = 0;
    while (at < bytes.length && records.length < PAGE_RECORDS) {
      const end = bytes.indexOf(NEWLINE, at);
      const line = bytes.subarray(at, end);
      const number = recordNumber(line);
      if (number !== null && number > this.#afterId) records.push(JSON.parse(line.toString()) as LogRecord);
      at = end + 1;
    }
    this.#offset += at;
    return records;
  }

  async #wholeLines(file: FileHandle): Promise<Buffer> {
    for (let length = PAGE_BYTES; ; length *= 2) {
      const to = Math.min(this.#offset + length, this.#known.end);
      const bytes = await readBytes(file, this.#offset, to);
      const end = bytes.lastIndexOf(NEWLINE);
      if (end !== -1) return bytes.subarray(0, end + 1);
      if (to === this.#known.end) throw new Error(`Segment ${this.#segment} of ${this.#place} is shorter than it was`);
    }
  }
}

/** What may be read of a segment now; null when that cannot be said yet. */
async function readable(place: string, segment: number, offset: number): Promise<Readable | null> {
  for (;;) {
    // Measured before it is looked for a successor: what is committed while there is none, counts for good.
    const end = await withSegment(place, segment, async (file) => {
      const { size } = await file.stat();
      return (await lastCommit(file, offset, size))?.end ?? offset;
    });
    if (end === null) return null;
    const newest = await newestSegment(place);
    const found = await judge(place, { segment, end, newest });
    // A newer header, if there is one, is the one that counts.
    if (newest === (await newestSegment(place))) return found;
  }
}

async function judge(
  place: string,
  { segment, end, newest }: { segment: number; end: number; newest: number },
): Promise<Readable | null> {
  for (let number = newest; number > segment; number--) {
    const header = await withSegment(place, number, async (file) => ({
      ends: await readHeader(file),
      ageMs: Date.now() - (await file.stat()).mtimeMs,
    }));
    if (header === null) return null;
    if (header.ends !== null) return { end: header.ends[segment - 1] ?? 0, isFinal: true };
    if (header.ageMs < HEADERLESS_MS) return null;
  }
  return { end, isFinal: false };
}
