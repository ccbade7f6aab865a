import type { FileHandle } from 'node:fs/promises';
import type { ResumePoint } from './resume-point.ts';
import { COMMIT_START, NEWLINE, readCommitLine, type Commit } from './segment-lines.ts';
import { readBytes } from './segments.ts';

const FIRST_LOOK_BYTES = 16 * 1024;
/** A header is before every commit, and so is a line break. */
const NEEDLE = Buffer.concat([Buffer.of(NEWLINE), COMMIT_START]);

interface CommitPlace {
  start: number;
  /** Behind its line break: so many bytes of the segment count. */
  end: number;
  commit: Commit;
}

/**
 * The last whole commit line between two offsets; null when there is none. Looks from the end backwards, so it costs what
 * lies behind that commit, not what lies before it. `from` is the beginning or the end of a line.
 */
export async function lastCommit(file: FileHandle, from: number, to: number): Promise<CommitPlace | null> {
  const floor = Math.max(0, from - 1);
  for (let looked = FIRST_LOOK_BYTES; ; looked *= 4) {
    const offset = Math.max(floor, to - looked);
    const bytes = await readBytes(file, offset, Math.max(offset, to));
    for (let at = bytes.lastIndexOf(NEEDLE); at !== -1; at = at === 0 ? -1 : bytes.lastIndexOf(NEEDLE, at - 1)) {
      const end = bytes.indexOf(NEWLINE, at + 1);
      if (end === -1) continue;
      const commit = readCommitLine(bytes.toString('utf8', at + 1, end));
      return { start: offset + at + 1, end: offset + end + 1, commit };
    }
    if (offset === floor) return null;
  }
}

/** The whole resume point of a commit: its tails are put together from the commits that they grew in. */
export async function resumePointOf(file: FileHandle, { commit }: CommitPlace): Promise<ResumePoint> {
  const { tails: changes = {}, ...rest } = commit;
  const tails: Record<string, string> = {};
  for (const name of Object.keys(changes)) tails[name] = await wholeTail(file, commit, name);
  return { ...rest, tails };
}

async function wholeTail(file: FileHandle, commit: Commit, name: string): Promise<string> {
  const pieces: string[] = [];
  for (let change = commit.tails?.[name]; change !== undefined;) {
    pieces.push(change.add ?? '');
    if (change.from === undefined) break;
    const line: string = await lineAt(file, change.from);
    change = readCommitLine(line).tails?.[name];
  }
  return pieces.toReversed().join('');
}

async function lineAt(file: FileHandle, start: number): Promise<string> {
  for (let length = 1024; ; length *= 4) {
    const bytes = await readBytes(file, start, start + length);
    const end = bytes.indexOf(NEWLINE);
    if (end !== -1) return bytes.toString('utf8', 0, end);
    if (bytes.length < length) throw new Error(`There is no whole line at byte ${start} of the log's segment`);
  }
}
