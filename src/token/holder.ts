import type { SessionRecord } from '../session/record.ts';
import { isEnded } from '../session/status.ts';
import type { TokenRecord } from './record.ts';

/**
 * Whether a session that goes on may be given this token, or the intent of it: it is its current one, or is to follow
 * that. Pure.
 */
export function mayGet(session: SessionRecord | null, tokenId: string): boolean {
  if (session === null || isEnded(session.status)) return false;
  return session.tokenId === tokenId || (session.nextTokenId ?? null) === tokenId;
}

/**
 * Whether a session may hold this token now: also for a moment the one that was its current one before, for what is under
 * way with it. A stop that takes the token first leaves the session its current one alone, which is made due with it. Pure.
 */
export function mayHold(session: SessionRecord | null, { id, retiresAt }: TokenRecord, nowMs: number): boolean {
  if (session === null || isEnded(session.status)) return false;
  if (session.tokenId === id) return true;
  if (session.stop?.revoke === 'now') return false;
  if (mayGet(session, id)) return true;
  const isRetiring = session.formerTokenIds?.includes(id) === true && retiresAt !== undefined;
  return isRetiring && Date.parse(retiresAt) > nowMs;
}
