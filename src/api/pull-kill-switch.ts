import { viewOf, type Caller } from '../access/caller.ts';
import { Refusal } from '../errors.ts';
import type { Decision } from '../session/decision.ts';
import { decideKill, isMeant, KILL_STOP, type KillScope } from '../session/kill-switch.ts';
import type { SessionRecord } from '../session/record.ts';
import type { SessionStatus } from '../session/status.ts';
import { decideStop } from '../session/stop.ts';
import { listSessions, listTokens, type Page } from '../store/listing.ts';
import { mendTokens } from '../store/mend-token.ts';
import { readMinterFacts } from '../store/minter-facts.ts';
import { Unreadable } from '../store/readable.ts';
import { change, type View } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';
import type { TokenRecord } from '../token/record.ts';
import type { TokenState } from '../token/state.ts';
import type { AuditTrail } from './audit-trail.ts';
import { changeSession } from './change-session.ts';
import { OPEN } from './open-sessions.ts';

/** Records read, and changed side by side, at once: what one call may keep in memory and ask of Redis. */
const CHUNK = 64;
/** In the order in which a token moves, so that one that moves on meanwhile is met later and missed never. */
const LIVE: TokenState[] = ['intended', 'active', 'revoking'];
const TOKENLESS: SessionStatus[] = ['queued', 'starting'];

/**
 * Makes every live token of the scope due for deletion and stops its session, one record after another: each is done
 * for good, so a call that was cut short is just made again. Gives the ids of all that are on their way out then, those
 * that were before included, and what could not be looked at. What is started during the call may be missed, and what
 * the caller does not see is left alone.
 */
export async function pullKillSwitch(
  redis: Redis,
  scope: KillScope,
  caller: Caller,
): Promise<{ revoked: string[]; unreadable: Unreadable[] }> {
  // What holds no token yet comes first: once it has begun, it has an intent.
  const unreadable = await stopTokenless(redis, scope, caller);
  const minterProvider = (await readMinterFacts(redis))?.provider ?? null;
  const found = new Set<string>();
  await mendTokens(redis, LIVE, viewOf(caller));
  for (const state of LIVE) {
    const missed = await eachChunk(
      (cursor) => listTokens(redis, { keyId: viewOf(caller), state, limit: CHUNK, cursor }),
      async (token) => {
        if (!isMeant(token, scope, minterProvider)) return;
        await kill(redis, token);
        found.add(token.id);
      },
    );
    unreadable.push(...missed);
  }
  return { revoked: [...found], unreadable };
}

/**
 * Stops every session of an API key that has not ended, its token first, as `pullKillSwitch` does; each with an audit
 * line of its own. Once the key is revoked it starts no more, so none is missed.
 */
export async function stopAllOf(
  redis: Redis,
  keyId: string,
  { caller, audit }: { caller: Caller; audit: AuditTrail | null },
): Promise<void> {
  for (const status of OPEN) {
    await eachChunk(
      (cursor) => listSessions(redis, { keyId, status, limit: CHUNK, cursor, keep: () => true }),
      ({ id }) => stop(redis, id, caller, audit?.also('session.stop', id)),
    );
  }
  // Also the tokens of sessions that cannot be read, and so not be stopped.
  await mendTokens(redis, LIVE, keyId);
  for (const state of LIVE) {
    await eachChunk(
      (cursor) => listTokens(redis, { keyId, state, limit: CHUNK, cursor }),
      (token) => kill(redis, token),
    );
  }
}

async function kill(redis: Redis, { id: tokenId, sessionId }: TokenRecord): Promise<void> {
  await change(redis, { sessionId, tokenId }, (view) => decideKillOf(view, new Date()));
}

/** What revoking a token by hand changes, where it is still there. */
export function decideKillOf({ session, token }: View, now: Date): Decision | null {
  return token && decideKill(session, token, now);
}

/**
 * What waits, or starts: the token that it has may be over, or unknown, and another one asked for in its place. With a
 * provider nothing of it is stopped: it holds nothing, and is given a token that is minted after this.
 */
async function stopTokenless(redis: Redis, scope: KillScope, caller: Caller): Promise<Unreadable[]> {
  if ('provider' in scope) return [];
  if ('sessionId' in scope) return stop(redis, scope.sessionId, caller);
  const unreadable: Unreadable[] = [];
  const { repoId } = scope;
  const keep = ({ request }: SessionRecord): boolean => request.repos.some(({ id }) => id === repoId);
  for (const status of TOKENLESS) {
    const missed = await eachChunk(
      (cursor) => listSessions(redis, { keyId: viewOf(caller), status, limit: CHUNK, cursor, keep }),
      ({ id }) => stop(redis, id, caller),
    );
    unreadable.push(...missed);
  }
  return unreadable;
}

/**
 * A session that is not there, or not any more, or not for this caller, has nothing to stop. One that cannot be read is
 * given back: it must keep nobody from stopping the others.
 */
async function stop(redis: Redis, id: string, caller: Caller, audit: AuditTrail | null = null): Promise<Unreadable[]> {
  try {
    await changeSession(redis, { id, caller, audit }, (facts) => decideStop(facts, KILL_STOP, new Date()));
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return [];
    if (!(error instanceof Refusal) || error.code !== 'record_unreadable') throw error;
    return error.fields.map(({ path, message }) => new Unreadable({ id, field: path, problem: message }));
  }
  return [];
}

/** Gives what could not be read. */
async function eachChunk<T>(
  read: (cursor: string | null) => Promise<Page<T>>,
  work: (item: T) => Promise<unknown>,
): Promise<Unreadable[]> {
  const missed: Unreadable[] = [];
  let cursor: string | null = null;
  do {
    const { items, unreadable, nextCursor }: Page<T> = await read(cursor);
    missed.push(...unreadable);
    await Promise.all(items.map(work));
    cursor = nextCursor;
  } while (cursor !== null);
  return missed;
}
