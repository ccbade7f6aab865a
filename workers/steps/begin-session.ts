import { nanoid } from 'nanoid';
import { failpoint } from '../../src/ops/failpoints.ts';
import { grantsOf, type SessionRecord } from '../../src/session/record.ts';
import { change } from '../../src/store/records.ts';
import { intendToken } from '../../src/token/intent.ts';
import type { WorkerDeps } from '../deps.ts';

/**
 * Takes a session out of the queue and writes down the intent to mint its token, in one step: from here on the ledger
 * knows of the token, whatever happens. null when the session is not waiting any more.
 */
export async function beginSession({ redis, config }: WorkerDeps, sessionId: string): Promise<SessionRecord | null> {
  const tokenId = `tok_${nanoid()}`;
  const now = new Date();
  const { session } = await change(redis, { sessionId, tokenId }, (view) => {
    if (view.session?.status !== 'queued') return null;
    const begun = begin(view.session, { tokenId, worker: config.workerName, now });
    const grants = grantsOf(begun.request);
    const ttlSeconds = begun.request.maxTimeoutSeconds + config.tokenGraceSeconds;
    return {
      session: begun,
      token: intendToken({ id: tokenId, sessionId, grants, ttlSeconds, now }),
      events: [
        { type: 'started', detail: { worker: begun.worker, queuedMs: begun.timings.queuedMs } },
        { type: 'token_intended', detail: { tokenId, repoIds: grants.map(({ repoId }) => repoId) } },
      ],
    };
  });
  await failpoint('worker.intent_written');
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
