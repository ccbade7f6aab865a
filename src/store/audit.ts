import type { AuditEntry, AuditRecord } from '../access/audit.ts';
import type { Effect } from './commit.ts';
import { keys } from './keys.ts';
import type { Page, PageQuery } from './listing.ts';
import { readRecord, Unreadable } from './readable.ts';
import { auditShape } from './record-shapes.ts';
import type { Redis } from './redis.ts';

const CHUNK = 500;
/** The most that one call reads to find what passes its filter; the next one goes on behind it. */
const MAX_READ = 10_000;

/**
 * The command that adds a line, to be part of the script that does what it tells. Each drops what is older than `keepMs`,
 * and nothing else ever does: a bound on their number would let whoever writes many push out what they did before.
 */
export function auditEffect(entry: AuditEntry, keepMs: number): Effect {
  const oldest = Math.max(0, Date.parse(entry.time) - keepMs);
  return ['XADD', keys.audit, 'MINID', '~', oldest, '*', 'data', JSON.stringify(entry)];
}

/** Adds a line by itself, for what changes nothing in the store. */
export async function appendAudit(redis: Redis, entry: AuditEntry, keepMs: number): Promise<void> {
  const [command, ...args] = auditEffect(entry, keepMs);
  await redis.call(command, ...args);
}

/** Newest first. A page may be short, or empty, and still have a next one. */
export async function listAudit(
  redis: Redis,
  { limit, cursor, since, keep }: PageQuery & { since: Date; keep: (record: AuditRecord) => boolean },
): Promise<Page<AuditRecord>> {
  const items: AuditRecord[] = [];
  const unreadable: Unreadable[] = [];
  let before = cursor;
  for (let read = 0; read < MAX_READ; read += CHUNK) {
    const from = before === null ? '+' : `(${before}`;
    const entries = await redis.xrevrange(keys.audit, from, `${since.getTime()}`, 'COUNT', CHUNK);
    for (const [id, fields] of entries) {
      before = id;
      const entry = readRecord<AuditEntry>(auditShape, id, fields[1] ?? '');
      if (entry instanceof Unreadable) unreadable.push(entry);
      else if (keep({ ...entry, id })) items.push({ ...entry, id });
      else continue;
      if (items.length + unreadable.length === limit) return { items, unreadable, nextCursor: id };
    }
    if (entries.length < CHUNK) return { items, unreadable, nextCursor: null };
  }
  return { items, unreadable, nextCursor: before };
}
