import { open, stat, type FileHandle } from 'node:fs/promises';
import { makeSharedDir, SHARED_FILE_MODE } from '../ops/shared-dir.ts';
import type { LogRecord } from '../session/log-record.ts';
import { lastCommit, resumePointOf } from './last-commit.ts';
import type { ResumePoint } from './resume-point.ts';
import { commitLine, headerLine, recordLine, type TailChange } from './segment-lines.ts';
import { isCode, newestSegment, nullIfMissing, readHeader, segmentPath, sessionDir, withSegment } from './segments.ts';

/** Another writer has opened this session's log: what this one writes from now on counts no more. */
export class LogTakenOver extends Error {
  override readonly name = 'LogTakenOver';
}

/** Writes one session's log, in a segment of its own. One call at a time. */
export interface LogAppender {
  /** Of the last commit before this writer; null for a new log. */
  readonly resume: ResumePoint | null;
  /**
   * Adds records and the point after them: all of it or nothing counts. Throws `LogTakenOver` when a later writer is
   * there, whatever became of the bytes; otherwise what the disk says, and then the same call may be repeated.
   */
  append(records: LogRecord[], resume: ResumePoint): Promise<void>;
  close(): Promise<void>;
}

/**
 * Takes a session's log over, from nobody or from a writer that may still be there. A new segment is created, which only
 * one can; *then* it is measured how much of the former one is committed, and the header says so. Who reads or writes the
 * former one looks for a successor after each read or write: what it did before there was one is measured, and what it
 * did later is not relied on. So a former writer may have been frozen for as long as it likes, and no lock is held.
 */
export async function openLogAppender(dir: string, sessionId: string): Promise<LogAppender> {
  const place = sessionDir(dir, sessionId);
  await makeSharedDir(place, 'read');
  const { number, file } = await claimSegment(place);
  try {
    const ends = await endsBefore(place, number);
    const resume = await lastResumePoint(place, ends);
    const segment = new Segment(file, segmentPath(place, number + 1), resume);
    await segment.begin(ends);
    return segment;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function claimSegment(place: string): Promise<{ number: number; file: FileHandle }> {
  for (;;) {
    const number = (await newestSegment(place)) + 1;
    try {
      return { number, file: await open(segmentPath(place, number), 'wx', SHARED_FILE_MODE) };
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
}

/** How many bytes of each segment before this one count. One whose writer died before its header has nothing. */
async function endsBefore(place: string, number: number): Promise<number[]> {
  if (number === 1) return [];
  const ends = await withSegment(place, number - 1, async (file) => {
    const before = await readHeader(file);
    if (before === null) return null;
    const { size } = await file.stat();
    return [...before, (await lastCommit(file, 0, size))?.end ?? 0];
  });
  return ends ?? [...(await endsBefore(place, number - 1)), 0];
}

async function lastResumePoint(place: string, ends: number[]): Promise<ResumePoint | null> {
  const index = ends.findLastIndex((end) => end > 0);
  if (index === -1) return null;
  return withSegment(place, index + 1, async (file) => {
    const last = await lastCommit(file, 0, ends[index] ?? 0);
    return last && resumePointOf(file, last);
  });
}

class Segment implements LogAppender {
  readonly resume: ResumePoint | null;
  readonly #file: FileHandle;
  readonly #successor: string;
  #end = 0;
  /** The tails as they were last committed here, and in which commit line. */
  #tails: Record<string, { text: string; at: number }> = {};

  constructor(file: FileHandle, successor: string, resume: ResumePoint | null) {
    this.#file = file;
    this.#successor = successor;
    this.resume = resume;
  }

  async begin(ends: number[]): Promise<void> {
    this.#end += await this.#write(headerLine(ends));
  }

  async append(records: LogRecord[], resume: ResumePoint): Promise<void> {
    const lines = records.map(recordLine).join('');
    const commitAt = this.#end + Buffer.byteLength(lines);
    const { changes, tails } = this.#changed(resume.tails, commitAt);
    const { tails: _, ...rest } = resume;
    const commit = commitLine(Object.keys(changes).length > 0 ? { ...rest, tails: changes } : rest);
    const length = await this.#write(lines + commit);
    if (await exists(this.#successor)) throw new LogTakenOver('Another worker has taken over the log of this session');
    this.#end += length;
    this.#tails = tails;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #changed(now: Record<string, string>, commitAt: number) {
    const changes: Record<string, TailChange> = {};
    const tails: Record<string, { text: string; at: number }> = {};
    for (const [name, text] of Object.entries(now)) {
      const before = this.#tails[name];
      if (text === '') continue;
      if (before === undefined || !text.startsWith(before.text)) changes[name] = { add: text };
      else if (text.length === before.text.length) changes[name] = { from: before.at };
      else changes[name] = { from: before.at, add: text.slice(before.text.length) };
      const isSame = changes[name]?.add === undefined;
      tails[name] = { text, at: isSame && before ? before.at : commitAt };
    }
    return { changes, tails };
  }

  /** At the end of what counts, so that a repetition after a failure writes the same bytes over themselves. */
  async #write(text: string): Promise<number> {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) {
      done += (await this.#file.write(bytes, done, bytes.length - done, this.#end + done)).bytesWritten;
    }
    return bytes.length;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(nullIfMissing)) !== null;
}
