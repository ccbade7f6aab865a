import type { SessionFailure, SessionRecord } from '../session/record.ts';
import { salvage, type KnownBesides } from '../session/salvage.ts';
import { isEnded } from '../session/status.ts';
import type { NewEvent } from '../session/event.ts';
import { TOKEN_STATES } from '../token/state.ts';
import { idOfEntry, keys } from './keys.ts';
import { allTokens } from './listing.ts';
import { ifReadable, parseSession } from './parse-record.ts';
import { overwriteEnded } from './records.ts';
import type { Redis } from './redis.ts';
import { readStored, textIn } from './stored.ts';

/** After so many lost races whoever wins them is at work on it. */
const MAX_RACES = 100;
/** Of a session that no index lists: before all others. */
const UNKNOWN_TIME = new Date(0).toISOString();

/**
 * Ends a session whose end cannot be written by `change`: its record cannot be read, or the change to it fails. What of
 * the record can be read is kept. Afterwards it is final and readable, and what is left of it is taken back as of any
 * other: its tokens by the ledger, its sandbox by its record or its labels. Of one that has ended and cannot be read, only
 * the record is made readable.
 *
 * `mayEnd` is asked about a record that can be read and goes on. True when the session has ended and can be read now.
 * Safe to repeat.
 */
export async function endAtLast(
  redis: Redis,
  sessionId: string,
  { failure, mayEnd }: { failure: SessionFailure; mayEnd: (session: SessionRecord) => boolean },
): Promise<boolean> {
  for (let race = 0; race < MAX_RACES; race++) {
    const stored = await readStored(redis, keys.session(sessionId));
    if (stored === null) return false;
    const read = ifReadable(() => parseSession(sessionId, stored));
    if (read !== null && isEnded(read.status)) return true;
    if (read !== null && !mayEnd(read)) return false;
    const known = read === null ? await knownBesides(redis, sessionId) : knownBy(read);
    const { session, hadEnded } = salvage(textIn(stored), { known, failure, now: new Date() });
    const { status, exitCode } = session;
    // The end is told once: not again of a session that had ended.
    const ending: NewEvent = { type: 'ended', detail: { status, exitCode, failure } };
    if (await overwriteEnded(redis, { stored, session, events: hadEnded ? [] : [ending] })) return true;
  }
  return false;
}

function knownBy({ id, createdAt, keyId }: SessionRecord): KnownBesides {
  return { id, createdAt, keyId, tokenIds: [] };
}

/** What indexes and ledger say of a session whose record cannot be trusted to. */
async function knownBesides(redis: Redis, id: string): Promise<KnownBesides> {
  const entry = await entryIn(redis, keys.sessions, id);
  const tokens = (await Promise.all(TOKEN_STATES.map((state) => allTokens(redis, state)))).flat();
  const own = tokens.filter(({ sessionId }) => sessionId === id);
  return {
    id,
    createdAt: entry === null ? UNKNOWN_TIME : entry.slice(0, entry.length - id.length - 1),
    keyId: entry === null ? '' : await keyThatLists(redis, entry),
    tokenIds: own.toSorted((a, b) => a.intendedAt.localeCompare(b.intendedAt)).map((token) => token.id),
  };
}

/** Where an index lists the session; it is sorted by time, so it is read through. */
async function entryIn(redis: Redis, index: string, id: string): Promise<string | null> {
  for await (const found of redis.zscanStream(index, { match: `* ${id}`, count: 1_000 })) {
    const entry = (found as string[]).find((member) => idOfEntry(member) === id);
    if (entry !== undefined) return entry;
  }
  return null;
}

async function keyThatLists(redis: Redis, entry: string): Promise<string> {
  const [before = '', after = ''] = keys.ofKey('*').sessions.split('*');
  for await (const found of redis.scanStream({ match: keys.ofKey('*').sessions, count: 1_000 })) {
    for (const index of found as string[]) {
      if ((await redis.zscore(index, entry)) !== null) return index.slice(before.length, -after.length);
    }
  }
  return '';
}
