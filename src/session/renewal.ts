import type { TokenRecord } from '../token/record.ts';
import { withToken } from './current-token.ts';
import type { Decision } from './decision.ts';
import type { SessionRecord } from './record.ts';
import { isEnded } from './status.ts';

/** What is under way with a token when another one takes its place has this long to end. */
const RETIRING_MS = 60_000;
/** A token is renewed in the last third of its life, so that a provider may be away for as long. */
const LAST_PART = 3;

/**
 * Whether a session's token is to be renewed now: it ends before the session may, and not much of its life is left. Only
 * where it is with the gateway: in a sandbox's environment nobody could replace it. Pure.
 */
export function isRenewalDue(
  session: SessionRecord,
  token: TokenRecord | null,
  graceMs: number,
  nowMs: number,
): boolean {
  if (session.request.credentials.delivery !== 'gateway' || isEnded(session.status)) return false;
  if (session.stop?.revoke === 'now' || session.deadlineAt === null) return false;
  if (token?.state !== 'active' || token.expiresAt === null || token.mintedAt === null) return false;
  const [mintedMs, expiresMs] = [Date.parse(token.mintedAt), Date.parse(token.expiresAt)];
  const isTooShort = expiresMs < Date.parse(session.deadlineAt) + graceMs;
  return isTooShort && nowMs >= expiresMs - (expiresMs - mintedMs) / LAST_PART;
}

/**
 * The session with the intent of a token that is to follow its current one. It is named among the others from the start,
 * so that it is never forgotten, whatever becomes of it. Pure.
 */
export function withNextToken(session: SessionRecord, tokenId: string): SessionRecord {
  return { ...session, nextTokenId: tokenId, formerTokenIds: [...(session.formerTokenIds ?? []), tokenId] };
}

/**
 * The token that was to follow takes its place; the one before may be used for a moment longer. null when the session has
 * no such token any more, or is not to have one. Pure.
 */
export function decideSwitch(
  session: SessionRecord,
  former: TokenRecord | null,
  nextTokenId: string,
  now: Date,
): Decision | null {
  if (isEnded(session.status) || session.nextTokenId !== nextTokenId || session.stop?.revoke === 'now') return null;
  const { nextTokenId: _, formerTokenIds = [], ...rest } = session;
  const others = { ...rest, formerTokenIds: formerTokenIds.filter((id) => id !== nextTokenId) };
  const switched = withToken(others, nextTokenId);
  const detail = { tokenId: nextTokenId, formerTokenId: session.tokenId };
  const events: Decision['events'] = [{ type: 'token_renewed', detail }];
  if (former?.state !== 'active') return { session: switched, events };
  return { session: switched, token: { ...former, retiresAt: retirement(former, now) }, events };
}

function retirement({ expiresAt }: TokenRecord, now: Date): string {
  const graceMs = now.getTime() + RETIRING_MS;
  return new Date(expiresAt === null ? graceMs : Math.min(graceMs, Date.parse(expiresAt))).toISOString();
}
