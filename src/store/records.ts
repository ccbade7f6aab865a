import { isSandboxGone } from '../session/needs-values.ts';
import { canMove, isEnded, SESSION_STATUSES } from '../session/status.ts';
import type { NewEvent } from '../session/event.ts';
import type { SessionRecord } from '../session/record.ts';
import type { TokenRecord } from '../token/record.ts';
import { canTokenMove, isTokenFinal, TOKEN_STATES } from '../token/state.ts';
import { withMessages } from '../webhook/keep-webhook.ts';
import { asSeen } from './as-seen.ts';
import { commit, type Bound, type Effect, type Expectation, type Holding } from './commit.ts';
import { endedEffects, forgetEndedEffects } from './ended.ts';
import { eventEffects } from './events.ts';
import { readFormerTokens } from './former-tokens.ts';
import { indexEntry, indexesOf, keys, type RecordIndexes } from './keys.ts';
import { ifReadable, parseSession, parseToken } from './parse-record.ts';
import type { Redis } from './redis.ts';
import { endedStdinEffects } from './stdin.ts';
import { readAllStored, readStored, type Stored } from './stored.ts';
import { forgetWebhookEffects, webhookEffects } from './webhooks.ts';

/** A session and its current token, read together. */
export interface View {
  session: SessionRecord | null;
  token: TokenRecord | null;
}

export interface Change {
  session?: SessionRecord;
  token?: TokenRecord;
  events?: NewEvent[];
  /** More to expect and to do in the same step, such as an idempotency key. */
  expect?: Expectation[];
  bounds?: Bound[];
  effects?: Effect[];
}

/** After so many lost races something is wrong that another try will not mend. */
const MAX_RACES = 100;

/**
 * The one place where a session's or a token's state is written: read, decide, write if nobody wrote meanwhile, else
 * again. A session and its token change in one step, with their indexes and events.
 *
 * `decide` is pure and may be called several times; null leaves all as it is. Returns the view as it is afterwards.
 * Throws when a change is not in the tables of `session/status.ts` and `token/state.ts`. A session that cannot be read is
 * shown as none, so that its token can be seen to; `UnreadableRecord` is thrown where it, or a token that cannot be read, is
 * to be written.
 */
export async function change(
  redis: Redis,
  ids: { sessionId: string; tokenId?: string | null },
  decide: (view: View) => Change | null,
): Promise<View> {
  for (let race = 0; race < MAX_RACES; race++) {
    const before = await readRaw(redis, ids);
    const found = parse(ids, before);
    const wanted = decide(found);
    if (wanted === null) return found;
    // One that cannot be read is there, and must not be written over as if it was not.
    if (wanted.session && found.session === null) parseSession(ids.sessionId, before[0]?.value ?? null);
    const after = withWebhook(found.session, {
      session: wanted.session ?? found.session,
      token: wanted.token ?? found.token,
    });
    requireLegal(found, after);
    const effects = [
      ...sessionEffects(found, after),
      ...tokenEffects(found.token, after),
      ...receiptEffects(ids.sessionId, found, after),
      ...eventEffects(ids.sessionId, wanted.events ?? []),
      ...(wanted.effects ?? []),
      ['PUBLISH', keys.changes, ids.sessionId] satisfies Effect,
    ];
    if (await commit(redis, [...before, ...(wanted.expect ?? [])], effects, wanted.bounds)) return after;
  }
  throw new Error(`The record of session ${ids.sessionId} is written by too many at once; nothing was changed`);
}

/** The session and its current token; null where there is none. */
export async function view(redis: Redis, sessionId: string): Promise<View> {
  const session = await readSession(redis, sessionId);
  const token = session?.tokenId ? await readToken(redis, session.tokenId) : null;
  return { session, token };
}

/** Throws `UnreadableRecord`. */
export async function readSession(redis: Redis, id: string): Promise<SessionRecord | null> {
  return parseSession(id, await readStored(redis, keys.session(id)));
}

/** Those of these sessions that are there and can be read. */
export async function readSessions(redis: Redis, ids: string[]): Promise<SessionRecord[]> {
  if (ids.length === 0) return [];
  const texts = await redis.mget(ids.map((id) => keys.session(id)));
  const read = ids.map((id, i) => ifReadable(() => parseSession(id, texts[i] ?? null)));
  return read.filter((session) => session !== null);
}

/** Throws `UnreadableRecord`. */
export async function readToken(redis: Redis, id: string): Promise<TokenRecord | null> {
  return parseToken(id, await readStored(redis, keys.token(id)));
}

/** The session; null where there is none, and also where it cannot be read: nobody can have a right by it then. */
export async function readSessionIfReadable(redis: Redis, id: string): Promise<SessionRecord | null> {
  const stored = await readStored(redis, keys.session(id));
  return ifReadable(() => parseSession(id, stored));
}

/** The same of a line of the ledger. */
export async function readTokenIfReadable(redis: Redis, id: string): Promise<TokenRecord | null> {
  const stored = await readStored(redis, keys.token(id));
  return ifReadable(() => parseToken(id, stored));
}

/**
 * A session's record, events and lines in the ledger are forgotten, not its log. Only for settled sessions; the line of a
 * former token stays where that may be alive. `more` is done in the same step. False when session or token are not as they were seen.
 */
export async function forget(redis: Redis, { session, token }: View, more: Effect[] = []): Promise<boolean> {
  if (session === null) return false;
  const formerTokens = await readFormerTokens(redis, session);
  const entry = indexEntry(session.createdAt, session.id);
  const effects: Effect[] = [
    ['DEL', keys.session(session.id), keys.events(session.id), keys.receipt(session.id), keys.stdin(session.id)],
    ...indexesFor(session).flatMap((indexes): Effect[] => [
      ['ZREM', indexes.sessions, entry],
      ['ZREM', indexes.sessionsByStatus(session.status), entry],
    ]),
    ['SREM', keys.unsettled, session.id],
    ['SREM', keys.receiptsDue, session.id],
    ...forgetEndedEffects(session),
    ...forgetWebhookEffects(session.id),
    ['PUBLISH', keys.changes, session.id],
    ...more,
  ];
  const over = formerTokens.map(({ line }) => line).filter((line) => line !== null && isTokenFinal(line.state));
  for (const line of [token, ...over]) if (line !== null) effects.push(...forgetTokenEffects(line, session));
  return commit(redis, asSeen(session.id, { session, token, formerTokens }), effects);
}

function forgetTokenEffects({ id, intendedAt, state }: TokenRecord, session: SessionRecord): Effect[] {
  const entry = indexEntry(intendedAt, id);
  return [
    ['DEL', keys.token(id)],
    ...indexesFor(session).flatMap((indexes): Effect[] => [
      ['ZREM', indexes.tokens, entry],
      ['ZREM', indexes.tokensByState(state), entry],
    ]),
  ];
}

/** Where a session and its tokens are listed: with all others, and with those of its key. */
function indexesFor(session: SessionRecord | null): RecordIndexes[] {
  return session === null ? [indexesOf(null)] : [indexesOf(null), indexesOf(session.keyId)];
}

/** Takes a session off the list of those with something to do, if it is settled and still as it was seen. */
export async function unlistSettled(redis: Redis, sessionId: string, seen: View): Promise<void> {
  if (!isSettled(seen)) return;
  const { session } = withWebhook(seen.session, seen);
  const told = session === null || session === seen.session ? [] : sessionEffects(seen, { ...seen, session });
  await commit(redis, asSeen(sessionId, seen), [...told, ['SREM', keys.unsettled, sessionId]]);
}

/**
 * Writes a session's ended record over whatever is there, if that is still so. Only for a record from which no change
 * leads to an end (`store/last-resort.ts`): neither what was there nor the transition table has a say. False when somebody
 * else has written meanwhile.
 */
export async function overwriteEnded(
  redis: Redis,
  { stored, session, events }: { stored: Stored; session: SessionRecord; events: NewEvent[] },
): Promise<boolean> {
  const entry = indexEntry(session.createdAt, session.id);
  const unlisted = indexesFor(session).flatMap((indexes) =>
    SESSION_STATUSES.map((status): Effect => ['ZREM', indexes.sessionsByStatus(status), entry]),
  );
  return commit(
    redis,
    [{ key: keys.session(session.id), value: stored }],
    [
      ...unlisted,
      ...sessionEffects({ session: null, token: null }, { session, token: null }),
      ['SADD', keys.receiptsDue, session.id],
      ...eventEffects(session.id, events),
      ['PUBLISH', keys.changes, session.id],
    ],
  );
}

/**
 * Writes a line of the ledger over whatever is there, or is not, if that is still so and all that is expected besides. Only
 * for a line that could not be read (`store/mend-token.ts`). `session` is the token's, where it can be read. False when
 * something was written meanwhile.
 */
export async function overwriteToken(
  redis: Redis,
  {
    stored,
    token,
    session,
    events,
    expect = [],
  }: { stored: Stored; token: TokenRecord; session: SessionRecord | null; events: NewEvent[]; expect?: Expectation[] },
): Promise<boolean> {
  const entry = indexEntry(token.intendedAt, token.id);
  const unlisted = indexesFor(session).flatMap((indexes) =>
    TOKEN_STATES.map((state): Effect => ['ZREM', indexes.tokensByState(state), entry]),
  );
  return commit(
    redis,
    [{ key: keys.token(token.id), value: stored }, ...expect],
    [
      ...unlisted,
      ...tokenEffects(null, { session, token }),
      ...(token.sessionId === '' ? [] : toldEffects(token.sessionId, events)),
    ],
  );
}

/** Of a token whose session is not known either, there is none to tell. */
function toldEffects(sessionId: string, events: NewEvent[]): Effect[] {
  return [
    ['SADD', keys.unsettled, sessionId],
    ['SADD', keys.receiptsDue, sessionId],
    ...eventEffects(sessionId, events),
    ['PUBLISH', keys.changes, sessionId],
  ];
}

/** Puts what a change is to be told of into the session's outbox, so that both are written in one step. */
function withWebhook(before: SessionRecord | null, after: View): View {
  if (!after.session?.webhook) return after;
  const now = new Date();
  const session = withMessages(before, after.session, { isSettled: sawToken(after) && isSettled(after), now });
  return { ...after, session };
}

/** A change that was not shown the session's token cannot tell that it is gone; one of another token says nothing of it. */
function sawToken({ session, token }: View): boolean {
  return session?.tokenId === null || token?.id === session?.tokenId;
}

/** Whether nothing is left to do for a session: it ended, its sandbox is gone, its token is final, no value is kept. */
export function isSettled({ session, token }: View): boolean {
  if (session === null) return true;
  const tokenGone = token === null || isTokenFinal(token.state) || token.state === 'unknown';
  const valuesErased = session.sealedSecrets === null && !token?.sealed;
  return isSandboxGone(session) && tokenGone && valuesErased;
}

async function readRaw(redis: Redis, ids: { sessionId: string; tokenId?: string | null }): Promise<Holding[]> {
  const wanted = [keys.session(ids.sessionId), ...(ids.tokenId ? [keys.token(ids.tokenId)] : [])];
  const values = await readAllStored(redis, wanted);
  return wanted.map((key, index) => ({ key, value: values[index] ?? null }));
}

function parse(ids: { sessionId: string; tokenId?: string | null }, [session, token]: Holding[]): View {
  return {
    session: ifReadable(() => parseSession(ids.sessionId, session?.value ?? null)),
    token: parseToken(ids.tokenId ?? '', token?.value ?? null),
  };
}

function requireLegal(before: View, after: View): void {
  const from = before.session?.status;
  const to = after.session?.status;
  if (from !== undefined && to !== undefined && from !== to && !canMove(from, to)) {
    throw new Error(`A session cannot go from ${from} to ${to}`);
  }
  const tokenFrom = before.token?.state;
  const tokenTo = after.token?.state;
  if (tokenFrom !== undefined && tokenTo !== undefined && tokenFrom !== tokenTo && !canTokenMove(tokenFrom, tokenTo)) {
    throw new Error(`A token cannot go from ${tokenFrom} to ${tokenTo}`);
  }
}

function sessionEffects(before: View, after: View): Effect[] {
  const session = after.session;
  if (session === null) return [];
  const entry = indexEntry(session.createdAt, session.id);
  const effects: Effect[] = [['SET', keys.session(session.id), JSON.stringify(session)]];
  for (const indexes of indexesFor(session)) {
    if (before.session === null) effects.push(['ZADD', indexes.sessions, 0, entry]);
    if (before.session?.status === session.status) continue;
    if (before.session !== null) effects.push(['ZREM', indexes.sessionsByStatus(before.session.status), entry]);
    effects.push(['ZADD', indexes.sessionsByStatus(session.status), 0, entry]);
  }
  effects.push(
    ...endedEffects(before.session, session),
    ...endedStdinEffects(before.session, session),
    ...webhookEffects(session),
  );
  const sees = sawToken(after);
  if (sees || before.session !== session)
    effects.push([sees && isSettled(after) ? 'SREM' : 'SADD', keys.unsettled, session.id]);
  return effects;
}

function tokenEffects(before: TokenRecord | null, { session, token }: View): Effect[] {
  if (token === null) return [];
  const entry = indexEntry(token.intendedAt, token.id);
  const effects: Effect[] = [['SET', keys.token(token.id), JSON.stringify(token)]];
  for (const indexes of indexesFor(session)) {
    if (before === null) effects.push(['ZADD', indexes.tokens, 0, entry]);
    if (before?.state === token.state) continue;
    if (before !== null) effects.push(['ZREM', indexes.tokensByState(before.state), entry]);
    effects.push(['ZADD', indexes.tokensByState(token.state), 0, entry]);
  }
  return effects;
}

/** From here on the session's receipt may be final: it is listed for the minter to look at and to sign. */
function receiptEffects(sessionId: string, before: View, { session, token }: View): Effect[] {
  const ends = session !== null && isEnded(session.status) && before.session?.status !== session.status;
  const tokenIsOver = token !== null && isTokenFinal(token.state) && before.token?.state !== token.state;
  return ends || tokenIsOver ? [['SADD', keys.receiptsDue, sessionId]] : [];
}
