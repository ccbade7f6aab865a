import type { LogRecord } from '../session/log-record.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

const PAGE = 500;

/**
 * Adds records in one round trip. Safe to repeat: a record whose id is there already is left as it is, so a worker that
 * does not know whether its last call arrived just calls again.
 */
export async function appendLog(redis: Redis, sessionId: string, records: LogRecord[]): Promise<void> {
  if (records.length === 0) return;
  // All or none are taken, so that a repetition never skips one that was refused for want of memory.
  const batch = redis.multi();
  for (const { id, ...rest } of records) batch.xadd(keys.log(sessionId), `${id}-0`, 'data', JSON.stringify(rest));
  batch.publish(keys.changes, sessionId);
  for (const [error] of (await batch.exec()) ?? []) {
    if (error !== null && !isRepeated(error)) throw error;
  }
}

/** Records after an id (`0` is from the beginning), oldest first, at most a page of them. */
export async function readLog(redis: Redis, sessionId: string, afterId: string): Promise<LogRecord[]> {
  const entries = await redis.xrange(keys.log(sessionId), `(${afterId}-0`, '+', 'COUNT', PAGE);
  return entries.map(([id, fields]) => {
    const record = JSON.parse(fields[1] ?? '{}') as Omit<LogRecord, 'id'>;
    return { id: id.slice(0, id.indexOf('-')), ...record };
  });
}

function isRepeated(error: Error): boolean {
  return error.message.includes('equal or smaller than the target stream top item');
}
