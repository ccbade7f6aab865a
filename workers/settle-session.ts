import { closeGateway } from '../src/egress/policy-files.ts';
import { describe } from '../src/errors.ts';
import { failpoint } from '../src/ops/failpoints.ts';
import { isOwnFault } from '../src/ops/own-fault.ts';
import type { SessionRecord } from '../src/session/record.ts';
import { isEnded } from '../src/session/status.ts';
import { readNamedTokenMended } from '../src/store/mend-token.ts';
import { change, readSession, type Change, type View } from '../src/store/records.ts';
import { isTokenFinal } from '../src/token/state.ts';
import type { WorkerDeps } from './deps.ts';
import { tellRest } from './network/tell-rest.ts';
import { tell } from './tell.ts';

/** The minter answers earlier, when the provider does not; it goes on by itself. */
const REVOKE_TIMEOUT_MS = 20_000;

/**
 * Takes back what an ended session still has: its tokens are deleted and seen to be refused, its sandbox removed, its way
 * out closed. Tokens and sandbox are independent facts, so trouble with one does not hold up the other.
 *
 * Safe to call any number of times, from anywhere; does nothing while the session lives. Throws with every cause when
 * something is left, after it was recorded in the session's events; the reconciler calls again.
 */
export async function settleSession(deps: WorkerDeps, sessionId: string): Promise<void> {
  const session = await readSession(deps.redis, sessionId);
  if (session === null || !isEnded(session.status)) return;
  const { tokenId, formerTokenIds = [] } = session;
  const tokenIds = [...(tokenId === null ? [] : [tokenId]), ...formerTokenIds];
  const outcomes = await Promise.allSettled([
    ...tokenIds.map((id) => revokeToken(deps, id, sessionId)),
    removeSandbox(deps, session),
  ]);
  const errors = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
  if (errors.length === 0) return;
  const problems = errors.map(describe);
  await tell(deps, sessionId, { type: 'cleanup_failed', detail: { problems } });
  throw new AggregateError(errors, `Session ${sessionId} has left something behind: ${problems.join('; ')}`);
}

async function revokeToken({ redis, minter }: WorkerDeps, tokenId: string, sessionId: string): Promise<void> {
  const token = await readNamedTokenMended(redis, tokenId, sessionId);
  if (token?.state !== 'active' && token?.state !== 'revoking') return;
  await minter.revoke(tokenId, AbortSignal.timeout(REVOKE_TIMEOUT_MS));
  await failpoint('worker.token_revoked');
}

async function removeSandbox(deps: WorkerDeps, { id: sessionId, tokenId, sandbox }: SessionRecord): Promise<void> {
  if (sandbox !== null && sandbox.removedAt === null) {
    // Another engine knows nothing of it, and would say that it is gone.
    if (sandbox.engine !== deps.engineId) return;
    await deps.runtime.remove(sandbox.id);
    await besides(deps, sessionId, () => tellRest(deps, sessionId, sandbox.id));
    await closeGateway({ runDir: deps.config.runDir, sandboxId: sandbox.id });
    await besides(deps, sessionId, () => failpoint('worker.container_removed'));
  }
  const sandboxId = sandbox?.id ?? null;
  await change(deps.redis, { sessionId, tokenId }, (now) => afterRemoval(now, sandboxId, new Date()));
}

/** What a fault of ours in it must not hold up: that the sandbox is gone can be written down all the same. */
async function besides({ log }: WorkerDeps, sessionId: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!isOwnFault(error)) throw error;
    log.error({ err: error, sessionId }, 'a fault of Daypass itself is passed over: the sandbox is gone');
  });
}

/** What the end of a session's sandbox changes: no value is of use any more. A live token's is, to delete it. Pure. */
export function afterRemoval({ session, token }: View, sandboxId: string | null, now: Date): Change | null {
  if (session === null || (session.sandbox?.id ?? null) !== sandboxId) return null;
  const isNew = session.sandbox !== null && session.sandbox.removedAt === null;
  const keepsValue = token !== null && token.sealed !== null && isTokenFinal(token.state);
  if (!isNew && session.sealedSecrets === null && !keepsValue) return null;
  const removedAt = session.sandbox?.removedAt ?? now.toISOString();
  return {
    session: { ...session, sealedSecrets: null, sandbox: session.sandbox && { ...session.sandbox, removedAt } },
    ...(keepsValue && { token: { ...token, sealed: null } }),
    events: isNew ? [{ type: 'container_removed', detail: { container: sandboxId } }] : [],
  };
}
