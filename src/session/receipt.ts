import type { SessionFacts } from './decision.ts';

/** What became of a session's credential. Times are ISO 8601 UTC; null is not yet, or never. */
export interface Receipt {
  sessionId: string;
  provider: string | null;
  fingerprint: string | null;
  repoIds: string[];
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

export function receiptOf({ session, token }: SessionFacts): Receipt {
  const repoIds = token === null ? session.request.repos.map(({ id }) => id) : token.grants.map(({ repoId }) => repoId);
  return {
    sessionId: session.id,
    provider: token?.provider ?? null,
    fingerprint: token?.fingerprint ?? null,
    repoIds: [...new Set(repoIds)],
    mintedAt: token?.mintedAt ?? null,
    deliveredAt: token?.deliveredAt ?? null,
    endedAt: session.endedAt,
    revokedAt: token?.revokedAt ?? null,
    verifiedAt: token?.verifiedAt ?? null,
    attempts: token?.attempts ?? 0,
    revocationMs: between(token?.revokingAt ?? null, token?.verifiedAt ?? null),
  };
}

function between(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from));
}
