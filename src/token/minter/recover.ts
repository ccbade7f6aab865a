import { isEnded } from '../../session/status.ts';
import { change } from '../../store/records.ts';
import { intendToken } from '../intent.ts';
import type { TokenRecord } from '../record.ts';
import { isTokenFinal } from '../state.ts';
import type { MinterDeps } from './deps.ts';
import type { SpooledToken } from './spool.ts';

/**
 * Holds the spool against the ledger: a token that lies here and that the ledger has given up, or has forgotten, is due
 * for deletion after all, and one that is over is dropped. Gives the ids of those that are due.
 */
export async function recoverFromSpool(deps: MinterDeps): Promise<string[]> {
  const due: string[] = [];
  for (const spooled of await deps.spool.all()) {
    const state = await compare(deps, spooled);
    if (state === 'revoking') due.push(spooled.tokenId);
    if (state !== undefined && isTokenFinal(state)) await deps.spool.drop(spooled.tokenId);
  }
  return due;
}

async function compare({ redis }: MinterDeps, spooled: SpooledToken): Promise<TokenRecord['state'] | undefined> {
  const { tokenId, sessionId } = spooled;
  const { token } = await change(redis, { sessionId, tokenId }, ({ session, token: line }) => {
    const wanted = session !== null && !isEnded(session.status) && session.tokenId === tokenId;
    const givenUp = line === null || line.state === 'unknown' || (line.state === 'intended' && !wanted);
    if (!givenUp) return null;
    const { provider, mintedAt, expiresAt, fingerprint, sealed } = spooled;
    const revokingAt = new Date().toISOString();
    return {
      token: {
        ...(line ?? lineOf(spooled)),
        state: 'revoking',
        provider,
        mintedAt,
        expiresAt,
        fingerprint,
        sealed,
        revokingAt,
      },
      events: [{ type: 'token_revoking', detail: { tokenId, fingerprint, found: 'in the spool' } }],
    };
  });
  return token?.state;
}

/** A line of the ledger for a token that it has forgotten. */
function lineOf({ tokenId, sessionId, repoIds, mintedAt, expiresAt }: SpooledToken): TokenRecord {
  const now = new Date(mintedAt);
  const ttlSeconds = Math.max(0, Math.round((Date.parse(expiresAt) - now.getTime()) / 1000));
  const grants = repoIds.map((repoId) => ({ repoId, access: 'write' as const }));
  return intendToken({ id: tokenId, sessionId, grants, ttlSeconds, now });
}
