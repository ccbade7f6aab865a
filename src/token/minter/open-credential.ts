import { SessionError } from '../../errors.ts';
import { failpoint } from '../../ops/failpoints.ts';
import { change, readSession } from '../../store/records.ts';
import type { Secret } from '../secret.ts';
import type { MinterDeps } from './deps.ts';
import { refusalToOpen } from './open-session.ts';
import { openToken } from './open-token.ts';

/** What the gateway needs to send a session's git requests on. */
export interface GitCredential {
  tokenId: string;
  value: Secret;
  /** By repo id: where the provider has it, with no credential in it. */
  cloneUrls: Record<string, string>;
}

/**
 * Gives a session's current token to the gateway: only of a session that wants it there, for the sandbox that has
 * claimed it, and while that may go on. Nothing is believed of the caller but whom it asks for. Throws `SessionError` as
 * `openSession` does, and `repo_refused` for a session whose token is in its sandbox.
 */
export async function openCredential(
  deps: MinterDeps,
  { sessionId, sandboxId }: { sessionId: string; sandboxId: string },
): Promise<GitCredential> {
  const tokenId = (await readSession(deps.redis, sessionId))?.tokenId ?? null;
  // Looked at and written down in one step: a token that is made due meanwhile is not given out.
  const { token } = await change(deps.redis, { sessionId, tokenId }, (now) => {
    if (now.session !== null && now.session.request.credentials.delivery !== 'gateway') throw notForGateway();
    const refusal = refusalToOpen(now, { sandboxId, purpose: 'relay' }, Date.now());
    if (refusal !== null) throw refusal;
    if (now.token === null || now.session?.tokenId !== now.token.id) throw gone();
    return now.token.deliveredAt === null ? { token: { ...now.token, deliveredAt: new Date().toISOString() } } : null;
  });
  await failpoint('minter.opened');
  if (token === null) throw gone();
  const value = await openToken(deps, token);
  const { cloneUrls } = deps.provider.access(
    value,
    token.grants.map(({ repoId }) => repoId),
  );
  return { tokenId: token.id, value, cloneUrls };
}

function notForGateway(): SessionError {
  return new SessionError('repo_refused', 'The token of this session is in its sandbox and nowhere else');
}

function gone(): SessionError {
  return new SessionError('token_revoked', 'The session has no token, or another one by now');
}
