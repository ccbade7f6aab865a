import { sees, type Caller } from '../access/caller.ts';
import { Refusal } from '../errors.ts';
import type { SessionFacts } from '../session/decision.ts';
import type { SessionRecord } from '../session/record.ts';
import { queuePosition } from '../store/listing.ts';
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
  return requireSession(await view(redis, call.id), call);
}

/** Throws `not_found` where the view has no session, or one of another key: the two cannot be told apart. */
export function requireSession({ session, token }: View, call: SessionCall): SessionFacts {
  if (session === null || !sees(requireCaller(call), session)) {
    throw new Refusal('not_found', `There is no session ${call.id}.`);
  }
  return { session, token };
}

/** A session as the API shows it. */
export async function present(redis: Redis, session: SessionRecord): Promise<WireSession> {
  const [token, position] = await Promise.all([
    session.tokenId === null ? null : readToken(redis, session.tokenId),
    queuePosition(redis, session),
  ]);
  return toSession({ session, token }, position);
}
