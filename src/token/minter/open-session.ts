import { SessionError } from '../../errors.ts';
import { failpoint } from '../../ops/failpoints.ts';
import { graceEndMs } from '../../session/deadline.ts';
import { isEnded } from '../../session/status.ts';
import { change, readSession, type View } from '../../store/records.ts';
import type { SandboxAccess } from '../provider.ts';
import { openSecrets } from '../request-secrets.ts';
import type { Secret } from '../secret.ts';
import type { MinterDeps } from './deps.ts';
import { openToken } from './open-token.ts';

/**
 * What a sandbox's worker wants the values for: `deliver` them into it, which only a living session may have; or `mask`
 * them in its log, for which they are as needed after the token's end as before.
 */
export const OPEN_PURPOSES = ['deliver', 'mask'] as const;
export type OpenPurpose = (typeof OPEN_PURPOSES)[number];

export interface OpenedSession {
  access: SandboxAccess;
  secrets: Record<string, Secret>;
}

/**
 * Gives the values of a session to the one sandbox that has claimed it. Throws `SessionError` with `token_revoked` when
 * they may not be given any more, and `worker_lost` to whoever does not hold the claim.
 */
export async function openSession(
  deps: MinterDeps,
  { sessionId, sandboxId, purpose }: { sessionId: string; sandboxId: string; purpose: OpenPurpose },
): Promise<OpenedSession> {
  const tokenId = (await readSession(deps.redis, sessionId))?.tokenId ?? null;
  // Looked at and written down in one step: a token that is made due meanwhile is not given out.
  const { session, token } = await change(deps.redis, { sessionId, tokenId }, (now) => {
    const refusal = refusalToOpen(now, { sandboxId, purpose }, Date.now());
    if (refusal !== null) throw refusal;
    if (purpose === 'mask' || isByGateway(now.session) || now.token === null || now.token.deliveredAt !== null)
      return null;
    return { token: { ...now.token, deliveredAt: new Date().toISOString() } };
  });
  await failpoint('minter.opened');
  const value = await openToken(deps, token ?? { id: '', sealed: null });
  const secrets = session?.sealedSecrets
    ? await openSecrets(deps.keyRing.keys(), sessionId, session.sealedSecrets)
    : {};
  const repoIds = token?.grants.map(({ repoId }) => repoId) ?? [];
  const access = deps.provider.access(value, repoIds);
  return { access: isByGateway(session) ? { ...access, secretEnv: {} } : access, secrets };
}

/** Then its token goes to the gateway alone, see `openCredential`: a sandbox that never has it cannot print it either. */
function isByGateway(session: View['session']): boolean {
  return session?.request.credentials.delivery === 'gateway';
}

/**
 * Why a session's values may not be given to this sandbox now; null when they may. Into a sandbox they go until the
 * deadline; the gateway has its token, as a sandbox that has it already, until the grace is over. Pure.
 */
export function refusalToOpen(
  { session, token }: View,
  { sandboxId, purpose }: { sandboxId: string; purpose: OpenPurpose | 'relay' },
  nowMs: number,
): SessionError | null {
  if (session?.sandbox?.id !== sandboxId || session.sandbox.claimedAt === null) {
    return new SessionError('worker_lost', 'This sandbox has not claimed the session');
  }
  const { removedAt } = session.sandbox;
  if (!token?.sealed || removedAt !== null) {
    return new SessionError('token_revoked', 'The token of this session is erased');
  }
  const endMs = purpose === 'relay' ? graceEndMs(session) : Date.parse(session.deadlineAt ?? '');
  const inTime = (endMs ?? 0) > nowMs;
  if (purpose !== 'mask' && (isEnded(session.status) || !inTime || token.state !== 'active')) {
    return new SessionError('token_revoked', 'The token of this session may not be given out any more');
  }
  return null;
}
