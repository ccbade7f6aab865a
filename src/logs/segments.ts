import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { NEWLINE, readHeaderLine } from './segment-lines.ts';

/** A header names one number for each worker that ever had the session. */
const MAX_HEADER_BYTES = 64 * 1024;

/** The directory of one session's log. Throws for what is no session's id, so that a path cannot lead elsewhere. */
export function sessionDir(dir: string, sessionId: string): string {
  if (!/^[\w-]+$/.test(sessionId)) throw new Error(`${JSON.stringify(sessionId)} is no session's id`);
  return join(dir, sessionId);
}

export function segmentPath(place: string, number: number): string {
  return join(place, `${number}.ndjson`);
}

/** The number of the newest segment; 0 when there is none. */
export async function newestSegment(place: string): Promise<number> {
  const names = await readdir(place).catch(nullIfMissing);
  return Math.max(0, ...(names ?? []).map((name) => Number(/^(\d+)\.ndjson$/.exec(name)?.[1] ?? 0)));
}

/** Opens a segment for as long as `use` takes; null when it is not there. */
export async function withSegment<T>(
  place: string,
  number: number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T | null> {
  const file = await open(segmentPath(place, number), 'r').catch(nullIfMissing);
  if (file === null) return null;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** What the header says of the segments before; null while its writer has not come to write it. */
export async function readHeader(file: FileHandle): Promise<number[] | null> {
  const bytes = await readBytes(file, 0, MAX_HEADER_BYTES);
  const end = bytes.indexOf(NEWLINE);
  return end === -1 ? null : readHeaderLine(bytes.toString('utf8', 0, end));
}

/** The bytes from `from` to `to`, fewer where the file ends. */
export async function readBytes(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

export function nullIfMissing(error: unknown): null {
  if (isCode(error, 'ENOENT')) return null;
  throw error;
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
