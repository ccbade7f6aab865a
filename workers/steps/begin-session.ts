import { nanoid } from 'nanoid';
import { grantsOf, type SessionRecord } from '../../src/session/record.ts';
import { change } from '../../src/store/records.ts';
import type { TokenRecord } from '../../src/token/record.ts';
import type { WorkerDeps } from '../deps.ts';

/**
 * Takes a session out of the queue and writes down the intent to mint its token, in one step: from here on the ledger
 * knows of the token, whatever happens. null when the session is not waiting any more.
 */
export async function beginSession(deps: WorkerDeps, sessionId: string): Promise<SessionRecord | null> {
  const tokenId = `tok_${nanoid()}`;
  const now = new Date();
  const { session } = await change(deps.redis, { sessionId, tokenId }, (view) => {
    if (view.session?.status !== 'queued') return null;
    const begun = begin(view.session, { tokenId, worker: deps.config.workerName, now });
    const token = intend(begun, { tokenId, graceSeconds: deps.config.tokenGraceSeconds, now });
    return {
      session: begun,
      token,
      events: [
        { type: 'started', detail: { worker: begun.worker, queuedMs: begun.timings.queuedMs } },
        { type: 'token_intended', detail: { tokenId, repoIds: token.grants.map(({ repoId }) => repoId) } },
      ],
    };
  });
  return session?.tokenId === tokenId ? session : null;
}

function begin(
  session: SessionRecord,
  { tokenId, worker, now }: { tokenId: string; worker: string; now: Date },
): SessionRecord {
  return {
    ...session,
    status: 'starting',
    startedAt: now.toISOString(),
    deadlineAt: new Date(now.getTime() + session.request.timeoutSeconds * 1000).toISOString(),
    worker,
    tokenId,
    timings: { queuedMs: now.getTime() - Date.parse(session.createdAt) },
  };
}

function intend(
  session: SessionRecord,
  { tokenId, graceSeconds, now }: { tokenId: string; graceSeconds: number; now: Date },
): TokenRecord {
  return {
    id: tokenId,
    sessionId: session.id,
    provider: null,
    state: 'intended',
    grants: grantsOf(session.request),
    ttlSeconds: session.request.maxTimeoutSeconds + graceSeconds,
    intendedAt: now.toISOString(),
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
  };
}
