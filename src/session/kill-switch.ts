import type { TokenRecord } from '../token/record.ts';
import type { Decision } from './decision.ts';
import type { SessionRecord } from './record.ts';
import { decideRevoke, decideStop, type WantedStop } from './stop.ts';

/** Whose tokens are to end: those of one session, all that open a repo, or all of a provider. */
export type KillScope = { sessionId: string } | { repoId: string } | { provider: string };

/** How a session ends whose token is taken away: at once, with what its agent has left to end by itself. */
export const KILL_STOP: WantedStop = { graceSeconds: 10, revoke: 'now' };

/**
 * What revoking a token by hand changes: the token is to be deleted at once, and the session that lives by it is
 * stopped. Safe to repeat; a token in a final state stays as it is.
 */
export function decideKill(session: SessionRecord | null, token: TokenRecord, now: Date): Decision | null {
  const current = session !== null && session.tokenId === token.id;
  if (!current) return decideRevoke(token, now);
  return decideStop({ session, token }, KILL_STOP, now) ?? decideRevoke(token, now);
}

/**
 * Whether a token is one of those. An intent has no provider yet: it is the one's that the minter works with
 * (`minterProvider`), and anybody's while no minter has said so.
 */
export function isMeant(token: TokenRecord, scope: KillScope, minterProvider: string | null): boolean {
  if ('sessionId' in scope) return token.sessionId === scope.sessionId;
  if ('repoId' in scope) return token.grants.some(({ repoId }) => repoId === scope.repoId);
  return (token.provider ?? minterProvider ?? scope.provider) === scope.provider;
}
