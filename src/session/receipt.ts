import { isTokenFinal, type TokenState } from '../token/state.ts';
import type { SessionHistory } from './decision.ts';
import { isEnded } from './status.ts';

/** What became of a session's credential. Times are ISO 8601 UTC; null is not yet, or never. */
export interface Receipt {
  sessionId: string;
  /** Nothing of it changes any more: the session has ended, and every token that it had is over. */
  final: boolean;
  provider: string | null;
  fingerprint: string | null;
  /** null: no token was ever intended. */
  tokenState: TokenState | null;
  repoIds: string[];
  /** Its other tokens: given to nobody, or renewed. A state of null: the ledger has lost it. */
  formerTokens: { fingerprint: string | null; state: TokenState | null }[];
  mintedAt: string | null;
  deliveredAt: string | null;
  endedAt: string | null;
  revokedAt: string | null;
  verifiedAt: string | null;
  /** Calls made to delete the token. */
  attempts: number;
  /** From the moment the token was to be gone until the provider was seen to refuse it. */
  revocationMs: number | null;
}

/** The minter's word for a receipt. */
export interface ReceiptSignature {
  algorithm: 'Ed25519';
  keyId: string;
  signedAt: string;
  /** base64url, over the canonical JSON of the receipt without its signature. */
  value: string;
}

export interface SignedReceipt extends Receipt {
  signature: ReceiptSignature;
}

export function receiptOf({ session, token, formerTokens }: SessionHistory): Receipt {
  const repoIds = token === null ? session.request.repos.map(({ id }) => id) : token.grants.map(({ repoId }) => repoId);
  return {
    sessionId: session.id,
    final: isFinal({ session, token, formerTokens }),
    provider: token?.provider ?? null,
    fingerprint: token?.fingerprint ?? null,
    tokenState: token?.state ?? null,
    repoIds: [...new Set(repoIds)],
    formerTokens: formerTokens.map(({ line }) => ({
      fingerprint: line?.fingerprint ?? null,
      state: line?.state ?? null,
    })),
    mintedAt: token?.mintedAt ?? null,
    deliveredAt: token?.deliveredAt ?? null,
    endedAt: session.endedAt,
    revokedAt: token?.revokedAt ?? null,
    verifiedAt: token?.verifiedAt ?? null,
    attempts: token?.attempts ?? 0,
    revocationMs: between(token?.revokingAt ?? null, token?.verifiedAt ?? null),
  };
}

/** A token that the ledger has lost is not known to be over. */
function isFinal({ session, token, formerTokens }: SessionHistory): boolean {
  const lines = [...(session.tokenId === null ? [] : [token]), ...formerTokens.map(({ line }) => line)];
  return isEnded(session.status) && lines.every((line) => line !== null && isTokenFinal(line.state));
}

function between(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from));
}
