import type { z } from 'zod';
import { createTurns } from '../ops/turns.ts';
import type { SessionRecord } from '../session/record.ts';
import { sessionShape } from '../session/record-shape.ts';
import type { SessionStatus } from '../session/status.ts';
import type { TokenRecord } from '../token/record.ts';
import { tokenShape } from '../token/record-shape.ts';
import type { TokenState } from '../token/state.ts';
import { idOfEntry, indexEntry, indexesOf, keys } from './keys.ts';
import { parseNamedToken } from './parse-record.ts';
import { readRecord, readable, sortOut, Unreadable, type Sorted } from './readable.ts';
import type { Redis } from './redis.ts';
import { readAllStored } from './stored.ts';

/** What cannot be read is left out of the items, and counts for their limit. */
export interface Page<T> extends Sorted<T> {
  /** Where the next page begins; null at the end. */
  nextCursor: string | null;
}

export interface PageQuery {
  /** At most so many items. */
  limit: number;
  /** As an earlier page gave it; null is the beginning. */
  cursor: string | null;
}

interface Listed {
  /** Only what this API key has started; null: all there is. */
  keyId: string | null;
}

/** How many records are read at once to find those that pass a filter, and how many for one page. */
const CHUNK = 200;
const MAX_READ = 5_000;
/** Of records that may have megabytes each, as a session's may. */
const LARGE_CHUNK = 16;
/** Two chunks are in memory at once; other lists wait. */
const inTurn = createTurns(2);

/**
 * Newest first, without the commands and variables, which no list shows and which may have a megabyte each. The cursor names
 * the last record given, so that new sessions do not move a page.
 */
export async function listSessions(
  redis: Redis,
  query: PageQuery & Listed & { status: SessionStatus | null; keep(session: SessionRecord): boolean },
): Promise<Page<SessionRecord>> {
  const indexes = indexesOf(query.keyId);
  const index = query.status === null ? indexes.sessions : indexes.sessionsByStatus(query.status);
  const source = { index, keyOf: keys.session, shape: sessionShape, chunk: LARGE_CHUNK, give: withoutLargeFields };
  return page(redis, source, query);
}

function withoutLargeFields(session: SessionRecord): SessionRecord {
  return { ...session, request: { ...session.request, command: null, env: {} } };
}

/** Newest first. */
export async function listTokens(
  redis: Redis,
  query: PageQuery & Listed & { state: TokenState | null },
): Promise<Page<TokenRecord>> {
  const indexes = indexesOf(query.keyId);
  const index = query.state === null ? indexes.tokens : indexes.tokensByState(query.state);
  return page(redis, { index, keyOf: keys.token, shape: tokenShape }, { ...query, keep: () => true });
}

/** Every token in a state, newest first; of one API key, if given. A line that cannot be read holds up no other. */
export async function allTokens(redis: Redis, state: TokenState, keyId: string | null = null): Promise<TokenRecord[]> {
  return (await sortedTokens(redis, state, keyId)).items;
}

/** The same, with those whose line cannot be read or is gone. */
export async function sortedTokens(
  redis: Redis,
  state: TokenState,
  keyId: string | null = null,
): Promise<Sorted<TokenRecord>> {
  const ids = (await redis.zrange(indexesOf(keyId).tokensByState(state), '+', '-', 'BYLEX', 'REV')).map(idOfEntry);
  const found: (TokenRecord | Unreadable)[] = [];
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    const stored = await readAllStored(redis, chunk.map(keys.token));
    found.push(...chunk.map((id, i) => readable(() => parseNamedToken(id, stored[i] ?? null))));
  }
  return sortOut(found);
}

/** The ids of every token in a state, oldest first; cheap, as no record is read. */
export async function tokenIds(redis: Redis, state: TokenState): Promise<string[]> {
  return (await redis.zrange(keys.tokensByState(state), '0', '-1')).map(idOfEntry);
}

export async function countSessions(redis: Redis, status: SessionStatus, keyId: string | null = null): Promise<number> {
  return redis.zcard(indexesOf(keyId).sessionsByStatus(status));
}

export async function countTokens(redis: Redis, state: TokenState, keyId: string | null = null): Promise<number> {
  return redis.zcard(indexesOf(keyId).tokensByState(state));
}

/** Sessions accepted before this one that still wait, priorities aside; null when it does not wait. */
export async function queuePosition(redis: Redis, session: SessionRecord): Promise<number | null> {
  if (session.status !== 'queued') return null;
  return redis.zrank(keys.sessionsByStatus('queued'), indexEntry(session.createdAt, session.id));
}

/** Ids of the sessions of which something is still to be done. */
export async function unsettledSessions(redis: Redis): Promise<string[]> {
  return redis.smembers(keys.unsettled);
}

/** Where records are listed, and what they are. */
interface Source<T> {
  index: string;
  keyOf: (id: string) => string;
  shape: z.ZodType;
  /** How many records one read takes. */
  chunk?: number;
  /** What of a record a page has. */
  give?: (item: T) => T;
}

/** A page may be short, or empty, and still have a next one: few of many pass some filters. */
export async function page<T>(
  redis: Redis,
  { index, keyOf, shape, chunk = CHUNK, give = (item) => item }: Source<T>,
  query: PageQuery & { keep(item: T): boolean },
): Promise<Page<T>> {
  const items: T[] = [];
  const unreadable: Unreadable[] = [];
  let from = query.cursor === null ? '+' : `(${Buffer.from(query.cursor, 'base64url').toString()}`;
  let last = '';
  for (let read = 0; read < MAX_READ; read += chunk) {
    const entries = await redis.zrange(index, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, chunk);
    if (entries.length === 0) return { items, unreadable, nextCursor: null };
    const found = await inTurn(async () => {
      const stored = await readAllStored(
        redis,
        entries.map((entry) => keyOf(idOfEntry(entry))),
      );
      return entries.flatMap((entry, i): { entry: string; item: T | Unreadable }[] => {
        const record = stored[i] ?? null;
        if (record === null) return [];
        const item = readRecord<T>(shape, idOfEntry(entry), record);
        if (item instanceof Unreadable) return [{ entry, item }];
        return query.keep(item) ? [{ entry, item: give(item) }] : [];
      });
    });
    for (const { entry, item } of found) {
      if (item instanceof Unreadable) unreadable.push(item);
      else items.push(item);
      if (items.length + unreadable.length === query.limit) {
        return { items, unreadable, nextCursor: cursorAt(entry) };
      }
    }
    last = entries.at(-1) ?? '';
    from = `(${last}`;
  }
  return { items, unreadable, nextCursor: cursorAt(last) };
}

function cursorAt(entry: string): string {
  return Buffer.from(entry).toString('base64url');
}
