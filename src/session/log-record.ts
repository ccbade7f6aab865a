export type LogStream = 'stdout' | 'stderr' | 'system';

/** A line of a session's log, or a piece of one. */
export interface LogRecord {
  /** The record's number in the session, from 1: usable as `after` and `Last-Event-ID`. */
  id: string;
  /** ISO 8601 UTC: when init read it. */
  time: string;
  stream: LogStream;
  /** Without its line break; masked. Bytes that are no UTF-8 are U+FFFD in it. */
  text: string;
  /** The same bytes in base64, masked too; only where `text` does not say them exactly. */
  bytes?: string;
  /**
   * No line break follows: the line goes on in the next record of this stream, or the output ended without one. A line
   * comes in pieces when it is over `MAX_LINE_BYTES`, or when the rest of it is late.
   */
  partial?: true;
  /** Of `system` records, such as `log_capped`. */
  code?: string;
}

/** A record holds at most this many bytes of a line. */
export const MAX_LINE_BYTES = 64 * 1024;

/** What a record stands for, with its line break where there is one: text, or bytes where text cannot say it exactly. */
export function outputOf({ text, bytes, partial }: Pick<LogRecord, 'text' | 'bytes' | 'partial'>): string | Buffer {
  if (bytes === undefined) return partial ? text : `${text}\n`;
  return Buffer.concat([Buffer.from(bytes, 'base64'), Buffer.from(partial ? '' : '\n')]);
}
