import { openLogAppender } from '../../src/logs/log-appender.ts';
import { openLogReader } from '../../src/logs/log-reader.ts';
import type { LogRecord } from '../../src/session/log-record.ts';
import { keys } from '../../src/store/keys.ts';
import type { Redis } from '../../src/store/redis.ts';

/** Adds records to a session's log as its worker would, and wakes those who follow it. */
export async function appendLog(
  { redis, api }: { redis: Redis; api: { logDir: string } },
  sessionId: string,
  records: LogRecord[],
): Promise<void> {
  const appender = await openLogAppender(api.logDir, sessionId);
  const lastId = Number(records.at(-1)?.id ?? appender.resume?.lastId ?? 0);
  await appender.append(records, { source: 'sbx_1', at: 0, lastId, state: {}, tails: {} });
  await appender.close();
  await redis.publish(keys.changes, sessionId);
}

/** All that is committed after a record, page by page. */
export async function readWholeLog(dir: string, sessionId: string, afterId = '0'): Promise<LogRecord[]> {
  const reader = openLogReader(dir, sessionId, afterId);
  const records: LogRecord[] = [];
  for (;;) {
    const page = await reader.next();
    if (page.length === 0) return records;
    records.push(...page);
  }
}
