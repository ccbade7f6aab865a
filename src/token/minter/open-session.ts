import { SessionError } from '../../errors.ts';
import { failpoint } from '../../ops/failpoints.ts';
import { isEnded } from '../../session/status.ts';
import { change, readSession, type View } from '../../store/records.ts';
import type { SandboxAccess } from '../provider.ts';
import { openSecrets } from '../request-secrets.ts';
import type { Secret } from '../secret.ts';
import type { MinterDeps } from './deps.ts';

export interface OpenedSession {
  access: SandboxAccess;
  secrets: Record<string, Secret>;
}

/**
 * Gives the values of a session to the one sandbox that has claimed it. Throws `SessionError` with `token_revoked` when
 * they may not be given any more, and `worker_lost` to whoever does not hold the claim.
 */
export async function openSession(deps: MinterDeps, sessionId: string, sandboxId: string): Promise<OpenedSession> {
  const tokenId = (await readSession(deps.redis, sessionId))?.tokenId ?? null;
  // Looked at and written down in one step: a token that is made due meanwhile is not given out.
  const { session, token } = await change(deps.redis, { sessionId, tokenId }, (now) => {
    const refusal = refusalToOpen(now, sandboxId, Date.now());
    if (refusal !== null) throw refusal;
    if (now.token === null || now.token.deliveredAt !== null) return null;
    return { token: { ...now.token, deliveredAt: new Date().toISOString() } };
  });
  await failpoint('minter.opened');
  const value = deps.keyRing.open(token?.sealed ?? '', token?.id ?? '');
  const secrets = session?.sealedSecrets ? await openSecrets(deps.sealKeys, sessionId, session.sealedSecrets) : {};
  const repoIds = token?.grants.map(({ repoId }) => repoId) ?? [];
  return { access: deps.provider.access(value, repoIds), secrets };
}

/** Why a session's values may not be given to this sandbox now; null when they may. Pure. */
export function refusalToOpen({ session, token }: View, sandboxId: string, nowMs: number): SessionError | null {
  if (session?.sandbox?.id !== sandboxId || session.sandbox.claimedAt === null) {
    return new SessionError('worker_lost', 'This sandbox has not claimed the session');
  }
  const inTime = Date.parse(session.deadlineAt ?? '') > nowMs;
  if (isEnded(session.status) || !inTime || token?.state !== 'active' || token.sealed === null) {
    return new SessionError('token_revoked', 'The token of this session may not be given out any more');
  }
  return null;
}
