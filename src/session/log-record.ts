export type LogStream = 'stdout' | 'stderr' | 'system';

/** One line of a session's log. */
export interface LogRecord {
  /** The line's number in the session, from 1: usable as `after` and `Last-Event-ID`. */
  id: string;
  /** ISO 8601 UTC: when init read it. */
  time: string;
  stream: LogStream;
  /** Without its line break; masked. */
  text: string;
  /** The line was longer than a record may be and goes on in the next one. */
  partial?: true;
  /** Of `system` records, such as `log_capped`. */
  code?: string;
}

/** A line over this many bytes is cut. */
export const MAX_LINE_BYTES = 64 * 1024;
