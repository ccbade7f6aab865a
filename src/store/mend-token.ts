import { describe } from '../errors.ts';
import type { SessionRecord } from '../session/record.ts';
import { mayGet } from '../token/holder.ts';
import type { TokenRecord } from '../token/record.ts';
import { salvageToken, type TokenKnownBesides } from '../token/salvage.ts';
import { isTokenFinal, TOKEN_STATES, type TokenState } from '../token/state.ts';
import { idOfEntry, keys } from './keys.ts';
import { endAtLast } from './last-resort.ts';
import { sortedTokens, unsettledSessions } from './listing.ts';
import { parseToken, readProblem, UnreadableRecord } from './parse-record.ts';
import {
  overwriteToken,
  readSessionIfReadable,
  readSessions,
  readToken,
  readTokenIfReadable,
  view,
  type View,
} from './records.ts';
import type { Redis } from './redis.ts';

/** Another process is at work on a line that was written that often meanwhile. */
const MAX_RACES = 100;
/** What a token lives longer than its session's longest time, at most. */
const GRACE_SECONDS = 3_600;
/** What is assumed of a session of which nothing is known. */
const LONGEST_SECONDS = 7 * 86_400;
/** Of a token that no index lists: before all others. */
const UNKNOWN_TIME = new Date(0);

/** A session and its token, whose line is mended first where it cannot be read. */
export async function viewMended(redis: Redis, sessionId: string): Promise<View> {
  try {
    return await view(redis, sessionId);
  } catch (error) {
    if (!(error instanceof UnreadableRecord) || error.noun !== 'token') throw error;
    await mendToken(redis, error.id);
    return view(redis, sessionId);
  }
}

/** A line of the ledger, mended first where it cannot be read; null where there is none. */
export async function readTokenMended(redis: Redis, tokenId: string): Promise<TokenRecord | null> {
  const found = await readTokenIfReadable(redis, tokenId);
  if (found !== null) return found;
  await mendToken(redis, tokenId);
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
 * Makes a line of the ledger readable where it is not. A token that may live is due from then on, as nothing can say any
 * more that it may, and the session whose current one it is ends with `internal_error`. True when there was something to
 * do. Safe to repeat, also by several processes at once.
 */
export async function mendToken(redis: Redis, tokenId: string): Promise<boolean> {
  for (let race = 0; race < MAX_RACES; race++) {
    const text = await redis.get(keys.token(tokenId));
    const problem = readProblem(() => parseToken(tokenId, text));
    if (text === null || problem === null) return false;
    const { session, known } = await knownBesides(redis, tokenId, text);
    const token = salvageToken(text, known, new Date());
    const isOver = isTokenFinal(token.state);
    // First: whoever is killed between the two leaves a line that the next one mends.
    if (!isOver && session?.tokenId === tokenId) await endSession(redis, token, problem);
    if (await overwriteToken(redis, { text, token, session, events: isOver ? [] : [dueEvent(token)] })) return true;
  }
  return false;
}

function dueEvent({ id, state }: TokenRecord) {
  const type = state === 'unknown' ? 'token_unknown' : 'token_revoking';
  return { type, detail: { tokenId: id, found: 'a line that cannot be read' } } as const;
}

/** A session whose token is deleted cannot go on, and gets no other one: that would hide the damage. */
async function endSession(redis: Redis, { id, sessionId }: TokenRecord, problem: UnreadableRecord): Promise<void> {
  const failure = { code: 'internal_error', message: describe(problem), step: 'read' } as const;
  await endAtLast(redis, sessionId, { failure, mayEnd: ({ tokenId }) => tokenId === id });
}

async function knownBesides(
  redis: Redis,
  id: string,
  text: string,
): Promise<{ session: SessionRecord | null; known: TokenKnownBesides }> {
  const session = await sessionOf(redis, id, text);
  const entry = await entryOf(redis, id);
  const listed = await Promise.all(
    TOKEN_STATES.map(
      async (state) => entry !== null && (await redis.zscore(keys.tokensByState(state), entry)) !== null,
    ),
  );
  const known: TokenKnownBesides = {
    id,
    sessionId: session?.id ?? '',
    state: TOKEN_STATES.find((_, i) => listed[i]) ?? null,
    intendedAt: entry === null ? UNKNOWN_TIME : new Date(entry.slice(0, entry.length - id.length - 1)),
    grants: session?.request.repos.map((repo) => ({ repoId: repo.id, access: repo.access })) ?? [],
    ttlSeconds: session === null ? LONGEST_SECONDS : session.request.maxTimeoutSeconds + GRACE_SECONDS,
  };
  return { session, known };
}

/** As the line names it, where that can be read; else the one that names the token. */
async function sessionOf(redis: Redis, tokenId: string, text: string): Promise<SessionRecord | null> {
  const named = /"sessionId":"([\w-]+)"/.exec(text)?.[1];
  const session = named === undefined ? null : await readSessionIfReadable(redis, named);
  if (session !== null) return session;
  const open = await readSessions(redis, await unsettledSessions(redis));
  return open.find((one) => mayGet(one, tokenId) || one.formerTokenIds?.includes(tokenId)) ?? null;
}

/** Where the ledger lists it; it is sorted by time, so it is read through. */
async function entryOf(redis: Redis, id: string): Promise<string | null> {
  for await (const found of redis.zscanStream(keys.tokens, { match: `* ${id}`, count: 1_000 })) {
    const entry = (found as string[]).find((member) => idOfEntry(member) === id);
    if (entry !== undefined) return entry;
  }
  return null;
}
