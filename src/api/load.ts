import { sees, type Caller } from '../access/caller.ts';
import { Refusal } from '../errors.ts';
import type { SessionFacts } from '../session/decision.ts';
import type { SessionRecord } from '../session/record.ts';
import { queuePosition } from '../store/listing.ts';
import { UnreadableRecord } from '../store/parse-record.ts';
import { orUnreadable, refusalOf, requireReadable, Unreadable } from '../store/readable.ts';
import { readToken, view, type View } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';
import { requireCaller } from './caller.ts';
import { toSession, type WireSession } from './schemas/session.ts';

/** A session, as somebody asks for it. */
export interface SessionCall {
  id: string;
  caller: Caller | null;
}

/** A session with its token. Throws `not_found` where there is none, or none that the caller sees. */
export async function loadFacts(redis: Redis, call: SessionCall): Promise<SessionFacts> {
  try {
    return requireSession(await view(redis, call.id), call);
  } catch (error) {
    if (!(error instanceof UnreadableRecord) || error.noun !== 'token') throw error;
    // It is asked for by its session.
    throw refusalOf('session', { id: call.id, field: `token.${error.field}`, problem: error.problem });
  }
}

/** Throws `not_found` where the view has no session, or one of another key: the two cannot be told apart. */
export function requireSession({ session, token }: View, call: SessionCall): SessionFacts {
  if (session === null || !sees(requireCaller(call), session)) {
    throw new Refusal('not_found', `There is no session ${call.id}.`);
  }
  return { session, token };
}

/** A session as the API shows it. Throws `record_unreadable` where its token cannot be read. */
export async function present(redis: Redis, session: SessionRecord): Promise<WireSession> {
  return requireReadable('session', await presentIfReadable(redis, session));
}

/** The same of one among others. */
export async function presentIfReadable(redis: Redis, session: SessionRecord): Promise<WireSession | Unreadable> {
  const [token, position] = await Promise.all([
    session.tokenId === null ? null : orUnreadable(readToken(redis, session.tokenId)),
    queuePosition(redis, session),
  ]);
  if (!(token instanceof Unreadable)) return toSession({ session, token }, position);
  // It is shown as a part of its session.
  return new Unreadable({ id: session.id, field: `token.${token.field}`, problem: token.problem });
}
