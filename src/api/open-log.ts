import { describe, Refusal } from '../errors.ts';
import { logSize } from '../logs/log-directory.ts';
import { openLogReader, type LogReader } from '../logs/log-reader.ts';
import type { LogRecord } from '../session/log-record.ts';
import type { SessionRecord } from '../session/record.ts';
import { logExpiry } from '../session/retention.ts';
import type { ApiDeps } from './deps.ts';

/**
 * A session's log from after a record, with its first page already read: trouble shows while the call can still be
 * refused. `isAtEnd`: there was nothing after that record. Throws `log_expired`, and `log_unreadable` also for a log that must be there and is not.
 */
export async function openLog(
  { logDir, keep }: Pick<ApiDeps, 'logDir' | 'keep'>,
  session: SessionRecord,
  afterId: string,
): Promise<{ reader: LogReader; isAtEnd: boolean }> {
  const expiry = logExpiry(session, keep.logsMs);
  if (expiry !== null && expiry.getTime() <= Date.now()) {
    throw new Refusal(
      'log_expired',
      `The log of session ${session.id}, which ended at ${session.endedAt}, was kept until ${expiry.toISOString()} (DAYPASS_KEEP_LOGS_HOURS).`,
    );
  }
  const reader = readable(openLogReader(logDir, session.id, afterId), session.id);
  // A sandbox is claimed only after its log was opened.
  if (session.sandbox?.claimedAt && (await size(logDir, session.id)) === null) {
    throw new Refusal(
      'log_unreadable',
      `The log of session ${session.id} is not where the API looks. DAYPASS_LOG_DIR of the API must be the same directory as that of the worker.`,
    );
  }
  let first = await reader.next();
  const isAtEnd = first.length === 0;
  const next = async (): Promise<LogRecord[]> => {
    // An empty page says nothing of what has come since.
    const records = first.length > 0 ? first : await reader.next();
    first = [];
    return records;
  };
  return { reader: { next }, isAtEnd };
}

function readable(reader: LogReader, sessionId: string): LogReader {
  return { next: () => reader.next().catch((error: unknown) => refuse(sessionId, error)) };
}

function size(logDir: string, sessionId: string): Promise<number | null> {
  return logSize(logDir, sessionId).catch((error: unknown) => refuse(sessionId, error));
}

function refuse(sessionId: string, cause: unknown): never {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : describe(cause);
  throw new Refusal(
    'log_unreadable',
    `The log of session ${sessionId} cannot be read (${code}). The API must be allowed to read DAYPASS_LOG_DIR, and its disk must work.`,
    { cause },
  );
}
