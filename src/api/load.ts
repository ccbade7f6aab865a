import { Refusal } from '../errors.ts';
import type { SessionFacts } from '../session/decision.ts';
import type { SessionRecord } from '../session/record.ts';
import { queuePosition } from '../store/listing.ts';
import { readToken, view, type View } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';
import { toSession, type WireSession } from './schemas/session.ts';

/** A session with its token. Throws `not_found`. */
export async function loadFacts(redis: Redis, sessionId: string): Promise<SessionFacts> {
  return requireSession(await view(redis, sessionId), sessionId);
}

/** Throws `not_found` where the view has no session. */
export function requireSession({ session, token }: View, sessionId: string): SessionFacts {
  if (session === null) throw new Refusal('not_found', `There is no session ${sessionId}.`);
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
