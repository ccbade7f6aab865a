import type { RepoGrant, TokenRecord } from './record.ts';

/** The ledger's line for a token that is to be minted: written before the provider is asked. */
export function intendToken(intent: {
  id: string;
  sessionId: string;
  grants: RepoGrant[];
  ttlSeconds: number;
  now: Date;
}): TokenRecord {
  const { now, ...known } = intent;
  return {
    ...known,
    provider: null,
    state: 'intended',
    intendedAt: now.toISOString(),
    askedAt: null,
    host: null,
    minter: null,
    mintedAt: null,
    deliveredAt: null,
    expiresAt: null,
    revokingAt: null,
    revokedAt: null,
    verifiedAt: null,
    testimony: null,
    attempts: 0,
    nextTryAt: null,
    lastError: null,
    fingerprint: null,
    sealed: null,
  };
}
