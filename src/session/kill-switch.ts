import type { TokenRecord } from '../token/record.ts';
import type { Decision } from './decision.ts';
import type { SessionRecord } from './record.ts';
import { decideRevoke, decideStop } from './stop.ts';

/** What an agent has left to end by itself once its token is taken away. */
const GRACE_SECONDS = 10;

/**
 * What revoking a token by hand changes: the token is to be deleted at once, and the session that lives by it is
 * stopped. Safe to repeat; a token in a final state stays as it is.
 */
export function decideKill(session: SessionRecord | null, token: TokenRecord, now: Date): Decision | null {
  const current = session !== null && session.tokenId === token.id;
  if (!current) return decideRevoke(token, now);
  return (
    decideStop({ session, token }, { graceSeconds: GRACE_SECONDS, revoke: 'now' }, now) ?? decideRevoke(token, now)
  );
}
