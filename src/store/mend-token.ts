import { describe } from '../errors.ts';
import type { SessionRecord } from '../session/record.ts';
import type { TokenRecord } from '../token/record.ts';
import { salvageToken, type TokenKnownBesides } from '../token/salvage.ts';
import { isTokenFinal, TOKEN_STATES, type TokenState } from '../token/state.ts';
import type { Expectation } from './commit.ts';
import { readFormerTokens } from './former-tokens.ts';
import { idOfEntry, keys } from './keys.ts';
import { endAtLast } from './last-resort.ts';
import { sortedTokens, unsettledSessions } from './listing.ts';
import { parseNamedToken, readProblem, type UnreadableRecord } from './parse-record.ts';
import {
  overwriteToken,
  readSession,
  readSessionIfReadable,
  readSessions,
  readToken,
  readTokenIfReadable,
  view,
  type View,
} from './records.ts';
import type { Redis } from './redis.ts';
import { readStored, textIn, type Stored } from './stored.ts';

/** Another process is at work on a line that was written that often meanwhile. */
const MAX_RACES = 100;
/** What a token lives longer than its session's longest time, at most. */
const GRACE_SECONDS = 3_600;
/** What is assumed of a session of which nothing is known. */
const LONGEST_SECONDS = 7 * 86_400;
/** Of a token that no index lists: before all others. */
const UNKNOWN_TIME = new Date(0);

/** A session and its token. The lines of all its tokens are mended first where they cannot be read or are gone. */
export async function viewMended(redis: Redis, sessionId: string): Promise<View> {
  const session = await readSession(redis, sessionId);
  if (session === null) return { session, token: null };
  const found = await readFormerTokens(redis, { formerTokenIds: tokenIdsOf(session) });
  const unread = found.filter(({ line }) => line === null);
  if (unread.length === 0) return { session, token: found.find(({ id }) => id === session.tokenId)?.line ?? null };
  for (const { id } of unread) await mendToken(redis, id, { sessionId });
  return view(redis, sessionId);
}

/** A line of the ledger, mended first where it cannot be read; null where there is none. One that is gone is not searched for. */
export async function readTokenMended(redis: Redis, tokenId: string): Promise<TokenRecord | null> {
  const found = await readTokenIfReadable(redis, tokenId);
  if (found !== null) return found;
  if ((await redis.exists(keys.token(tokenId))) === 1) await mendToken(redis, tokenId);
  return readToken(redis, tokenId);
}

/** The same of a token that this session names: its line is written anew where it is gone. */
export async function readNamedTokenMended(
  redis: Redis,
  tokenId: string,
  sessionId: string,
): Promise<TokenRecord | null> {
  const found = await readTokenIfReadable(redis, tokenId);
  if (found !== null) return found;
  await mendToken(redis, tokenId, { sessionId });
  return readToken(redis, tokenId);
}

/**
 * Mends every line that an index lists in these states; of one API key, if given. One that cannot be mended holds up no
 * other; it throws at the end.
 */
export async function mendTokens(redis: Redis, states: TokenState[], keyId: string | null): Promise<void> {
  const errors: unknown[] = [];
  for (const state of states) {
    const { unreadable } = await sortedTokens(redis, state, keyId);
    for (const { id } of unreadable) {
      await mendToken(redis, id).catch((error: unknown) => errors.push(error));
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, errors.map(describe).join('; '));
}

/**
 * Makes a line of the ledger readable where it is not, and writes one anew that is gone while an index lists it or its session
 * names it. A token that may live is due from then on, as nothing can say any more that it may, and the session whose
 * current one it is ends with `internal_error`. `sessionId` is a session that may name it, besides the open ones. True when
 * there was something to do. Safe to repeat, also by several processes at once.
 */
export async function mendToken(
  redis: Redis,
  tokenId: string,
  { sessionId = null }: { sessionId?: string | null } = {},
): Promise<boolean> {
  for (let race = 0; race < MAX_RACES; race++) {
    const stored = await readStored(redis, keys.token(tokenId));
    const problem = readProblem(() => parseNamedToken(tokenId, stored));
    if (problem === null) return false;
    const { session, entry, known } = await knownBesides(redis, { id: tokenId, stored, sessionId });
    if (stored === null && entry === null && session === null) return false;
    const token = salvageToken(stored === null ? '' : textIn(stored), known, new Date());
    const isOver = isTokenFinal(token.state);
    // First: whoever is killed between the two leaves a line that the next one mends.
    if (!isOver && session?.tokenId === tokenId) await endSession(redis, token, problem);
    const expect = stored === null ? stillNamed(entry, session) : [];
    const events = isOver ? [] : [dueEvent(token, stored)];
    if (await overwriteToken(redis, { stored, token, session, events, expect })) return true;
  }
  return false;
}

/** A line that was forgotten with its session must not come back. */
function stillNamed(entry: Entry | null, session: SessionRecord | null): Expectation[] {
  if (entry !== null) return [entry];
  return session === null ? [] : [{ key: keys.session(session.id), value: JSON.stringify(session) }];
}

function dueEvent({ id, state }: TokenRecord, stored: Stored) {
  const type = state === 'unknown' ? 'token_unknown' : 'token_revoking';
  return {
    type,
    detail: { tokenId: id, found: stored === null ? 'no line in the ledger' : 'a line that cannot be read' },
  } as const;
}

/** A session whose token is deleted cannot go on, and gets no other one: that would hide the damage. */
async function endSession(redis: Redis, { id, sessionId }: TokenRecord, problem: UnreadableRecord): Promise<void> {
  const failure = { code: 'internal_error', message: describe(problem), step: 'read' } as const;
  await endAtLast(redis, sessionId, { failure, mayEnd: ({ tokenId }) => tokenId === id });
}

/** Where the ledger lists a token. */
interface Entry {
  set: string;
  member: string;
}

interface Sought {
  id: string;
  stored: Stored;
  sessionId: string | null;
}

async function knownBesides(
  redis: Redis,
  sought: Sought,
): Promise<{ session: SessionRecord | null; entry: Entry | null; known: TokenKnownBesides }> {
  const { id } = sought;
  const session = await sessionOf(redis, sought);
  const entry = await entryOf(redis, id);
  const listed = await Promise.all(
    TOKEN_STATES.map(
      async (state) => entry !== null && (await redis.zscore(keys.tokensByState(state), entry.member)) !== null,
    ),
  );
  const known: TokenKnownBesides = {
    id,
    sessionId: session?.id ?? '',
    state: TOKEN_STATES.find((_, i) => listed[i]) ?? null,
    intendedAt: entry === null ? UNKNOWN_TIME : new Date(entry.member.slice(0, -(id.length + 1))),
    grants: session?.request.repos.map((repo) => ({ repoId: repo.id, access: repo.access })) ?? [],
    ttlSeconds: session === null ? LONGEST_SECONDS : session.request.maxTimeoutSeconds + GRACE_SECONDS,
  };
  return { session, entry, known };
}

/** As the line names it, where that can be read; else the one that names the token. */
async function sessionOf(redis: Redis, { id, stored, sessionId }: Sought): Promise<SessionRecord | null> {
  const named = stored === null ? undefined : /"sessionId":"([\w-]+)"/.exec(textIn(stored))?.[1];
  const byLine = named === undefined ? null : await readSessionIfReadable(redis, named);
  if (byLine !== null) return byLine;
  const asked = sessionId === null ? null : await readSessionIfReadable(redis, sessionId);
  if (asked !== null && names(asked, id)) return asked;
  const open = await readSessions(redis, await unsettledSessions(redis));
  return open.find((one) => names(one, id)) ?? null;
}

function names(session: SessionRecord, tokenId: string): boolean {
  return session.nextTokenId === tokenId || tokenIdsOf(session).includes(tokenId);
}

/** Those that it has and had. */
function tokenIdsOf({ tokenId, formerTokenIds = [] }: SessionRecord): string[] {
  return tokenId === null ? formerTokenIds : [...formerTokenIds, tokenId];
}

/** Sorted by time, so they are read through; the index of a state only for what that of all has lost. */
async function entryOf(redis: Redis, id: string): Promise<Entry | null> {
  for (const set of [keys.tokens, ...TOKEN_STATES.map(keys.tokensByState)]) {
    for await (const found of redis.zscanStream(set, { match: `* ${id}`, count: 1_000 })) {
      const member = (found as string[]).find((one) => idOfEntry(one) === id);
      if (member !== undefined) return { set, member };
    }
  }
  return null;
}
