import type { SessionRecord } from '../../src/session/record.ts';
import type { TokenRecord } from '../../src/token/record.ts';

export const REPO_A = '11111111-1111-4111-8111-111111111111';

/** A session that has just been accepted. */
export function aSession(over: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 'ses_test',
    status: 'queued',
    request: {
      repos: [{ id: REPO_A, ref: null, path: 'app', access: 'write', depth: null }],
      command: ['true'],
      image: 'daypass/sandbox',
      env: {},
      timeoutSeconds: 60,
      maxTimeoutSeconds: 60,
      resources: { cpus: 1, memoryMb: 1024, pids: 256, diskMb: 2048 },
      network: { allow: [] },
      credentials: { delivery: 'env' },
      priority: 0,
      metadata: {},
    },
    sealedSecrets: null,
    owner: 'test',
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    runningAt: null,
    endedAt: null,
    deadlineAt: null,
    exitCode: null,
    failure: null,
    stop: null,
    tokenId: null,
    sandbox: null,
    worker: null,
    heads: [],
    timings: {},
    ...over,
  };
}

/** A token's intent, not yet minted. */
export function aToken(over: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id: 'tok_test',
    sessionId: 'ses_test',
    provider: 'relace',
    state: 'intended',
    grants: [{ repoId: REPO_A, access: 'write' }],
    ttlSeconds: 180,
    intendedAt: '2026-01-01T00:00:00.000Z',
    mintedAt: null,
    deliveredAt: null,
    expiresAt: null,
    revokingAt: null,
    revokedAt: null,
    verifiedAt: null,
    attempts: 0,
    lastError: null,
    fingerprint: null,
    sealed: null,
    ...over,
  };
}
