import type { FileHandle } from 'node:fs/promises';
import { NEWLINE, recordNumber } from './segment-lines.ts';
import { readBytes } from './segments.ts';

/** From here on it is quicker to read than to look. */
const NEAR_BYTES = 128 * 1024;
const LOOK_BYTES = 8 * 1024;

/**
 * Where to read on in a segment for records after a number: at the beginning of a line, before the first of them and near
 * it. By halving, so a client that comes back to the end of a long log costs no look at all of it. `end` is committed.
 */
export async function seekRecord(file: FileHandle, end: number, afterId: number): Promise<number> {
  let low = 0;
  for (let high = end; high - low > NEAR_BYTES;) {
    const middle = low + Math.floor((high - low) / 2);
    const found = await firstRecordBehind(file, middle, high);
    if (found === null || found.number > afterId) high = middle;
    else low = found.start;
  }
  return low;
}

/** The first record whose line begins behind an offset; null when there is none up to `end`. */
async function firstRecordBehind(
  file: FileHandle,
  offset: number,
  end: number,
): Promise<{ start: number; number: number } | null> {
  for (let length = LOOK_BYTES; ; length *= 4) {
    const to = Math.min(offset + length, end);
    const bytes = await readBytes(file, offset, to);
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
      const lineEnd = bytes.indexOf(NEWLINE, at + 1);
      const number = lineEnd === -1 ? null : recordNumber(bytes.subarray(at + 1, lineEnd));
      if (number !== null) return { start: offset + at + 1, number };
    }
    if (to === end) return null;
  }
}
