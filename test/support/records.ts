import { newSession } from '../../src/session/new-session.ts';
import type { SessionRecord, SessionRequest } from '../../src/session/record.ts';
import { intendToken } from '../../src/token/intent.ts';
import type { TokenRecord } from '../../src/token/record.ts';

export const REPO_A = '11111111-1111-4111-8111-111111111111';

const now = new Date('2026-01-01T00:00:00.000Z');
const request: SessionRequest = {
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
};

/** A session that has just been accepted. */
export function aSession(over: Partial<SessionRecord> = {}): SessionRecord {
  return { ...newSession({ id: 'ses_test', request, sealedSecrets: null, keyId: 'settings:test', now }), ...over };
}

/** A token's intent, not yet minted. */
export function aToken(over: Partial<TokenRecord> = {}): TokenRecord {
  const grants = [{ repoId: REPO_A, access: 'write' as const }];
  const intent = intendToken({ id: 'tok_test', sessionId: 'ses_test', grants, ttlSeconds: 180, now });
  return { ...intent, provider: 'relace', ...over };
}
