import type { LogRecord } from '../session/log-record.ts';
import type { ResumePoint } from './resume-point.ts';

/*
 * The lines of a segment: a header, then records, with a commit after each batch of them. Every line is JSON, so a line
 * break is never inside of one, and its first key says what it is.
 */

export const NEWLINE = 0x0a;
const RECORD_START = Buffer.from('{"id":"');
export const COMMIT_START = Buffer.from('{"commit":');

/** A tail as a commit has it: what was added to that of the commit line at `from`, or all of it. */
export interface TailChange {
  /** Where in the same segment the commit line begins that this one goes on from. */
  from?: number;
  add?: string;
}

/** A resume point with its tails as changes. */
export interface Commit extends Omit<ResumePoint, 'tails'> {
  tails?: Record<string, TailChange>;
}

/** `ends[i]`: how many bytes of segment `i + 1` count. What was written behind them is nobody's. */
export function headerLine(ends: number[]): string {
  return `${JSON.stringify({ ends })}\n`;
}

export function readHeaderLine(line: string): number[] {
  return (JSON.parse(line) as { ends: number[] }).ends;
}

export function recordLine({ id, ...rest }: LogRecord): string {
  return `${JSON.stringify({ id, ...rest })}\n`;
}

/** The number of a record whose line it is; null when it is another kind of line. */
export function recordNumber(line: Buffer): number | null {
  if (!line.subarray(0, RECORD_START.length).equals(RECORD_START)) return null;
  return Number.parseInt(line.toString('latin1', RECORD_START.length, RECORD_START.length + 16), 10);
}

export function commitLine(commit: Commit): string {
  return `${JSON.stringify({ commit })}\n`;
}

export function readCommitLine(line: string): Commit {
  return (JSON.parse(line) as { commit: Commit }).commit;
}
