import type { LogReader } from '../logs/log-reader.ts';
import type { LogRecord } from '../session/log-record.ts';
import { isEnded } from '../session/status.ts';
import type { ChangeHints } from './changes-when-ready.ts';
import { readSession } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';
import { follow } from './follow.ts';

export interface LogQuery {
  redis: Redis;
  changes: ChangeHints;
  signal: AbortSignal;
  sessionId: string;
  reader: LogReader;
  /** Whether to wait for more until the session has ended. */
  keepsOn: boolean;
}

/** The records of a session's log in order, none twice and none left out. Ends early when the session is forgotten. */
export async function* logPages({ keepsOn, reader, ...query }: LogQuery): AsyncGenerator<LogRecord[], void> {
  const { redis, sessionId } = query;
  yield* follow(query, async function* look() {
    // Looked at before the log: a final status says that the log is complete.
    const session = await readSession(redis, sessionId);
    for (;;) {
      const records = await reader.next();
      if (records.length === 0) return !keepsOn || session === null || isEnded(session.status);
      yield records;
    }
  });
}
