import { nanoid } from 'nanoid';
import { failpoint } from '../../src/ops/failpoints.ts';
import { withToken } from '../../src/session/current-token.ts';
import { grantsOf, type SessionRecord } from '../../src/session/record.ts';
import { change, view, type Change, type View } from '../../src/store/records.ts';
import { intendToken } from '../../src/token/intent.ts';
import type { WorkerDeps } from '../deps.ts';
import { isClaimed, mayTake, type TakeFacts } from '../take.ts';
import { tokenLifetimeSeconds } from '../token-lifetime.ts';
import { whileStoreAway } from '../while-store-away.ts';

/**
 * Takes hold of a session: out of the queue, or after a worker that is gone. null when it is not to be had. In the same
 * step the intent to mint its token is written down, so that the ledger knows of it whatever happens.
 */
export async function takeSession(deps: WorkerDeps, sessionId: string): Promise<SessionRecord | null> {
  const { redis, config, engineId } = deps;
  const { workers, isSure } = await whileStoreAway(() => deps.presence());
  const aliveWorkers = new Set(workers.map(({ name }) => name));
  const facts = { workerName: config.workerName, engineId, aliveWorkers, isSure };
  const before = await whileStoreAway(() => view(redis, sessionId));
  if (before.session === null || !mayTake(before.session, facts)) return null;
  const tokenId = needsIntent(before) ? `tok_${nanoid()}` : (before.session.tokenId ?? '');
  const now = new Date();
  const term = before.session.term + 1;
  const { session } = await whileStoreAway(() =>
    change(redis, { sessionId, tokenId }, (found) => {
      if (found.session === null || found.session.term !== term - 1) return null;
      return take(found, found.session, { ...facts, tokenId, now, lifetime: config });
    }),
  );
  await failpoint('worker.intent_written');
  return session?.term === term && session.worker === config.workerName ? session : null;
}

/** The current token goes on being the session's unless it can't become, or be, one that a new sandbox is given. */
function needsIntent({ session, token }: View): boolean {
  if (session === null || isClaimed(session)) return false;
  return token === null || (token.state !== 'active' && token.state !== 'intended');
}

function take(
  { token }: View,
  session: SessionRecord,
  {
    tokenId,
    now,
    lifetime,
    ...facts
  }: TakeFacts & {
    tokenId: string;
    now: Date;
    lifetime: Parameters<typeof tokenLifetimeSeconds>[1];
  },
): Change | null {
  if (!mayTake(session, facts)) return null;
  const { workerName } = facts;
  const taken = session.status === 'queued' ? begin(session, now) : adopt(session);
  const takes: Change = {
    session: { ...withToken(taken, tokenId), worker: workerName, handedOverAt: null, term: session.term + 1 },
    events: [
      session.status === 'queued'
        ? { type: 'started', detail: { worker: workerName, queuedMs: taken.timings.queuedMs } }
        : { type: 'adopted', detail: { worker: workerName, from: session.worker } },
    ],
  };
  if (token !== null) return takes;
  const grants = grantsOf(session.request);
  const ttlSeconds = tokenLifetimeSeconds(session.request, lifetime);
  const repoIds = grants.map(({ repoId }) => repoId);
  return {
    ...takes,
    token: intendToken({ id: tokenId, sessionId: session.id, grants, ttlSeconds, now }),
    events: [...(takes.events ?? []), { type: 'token_intended', detail: { tokenId, repoIds } }],
  };
}

function begin(session: SessionRecord, now: Date): SessionRecord {
  return {
    ...session,
    status: 'starting',
    startedAt: now.toISOString(),
    deadlineAt: new Date(now.getTime() + session.request.timeoutSeconds * 1000).toISOString(),
    timings: { queuedMs: now.getTime() - Date.parse(session.createdAt) },
  };
}

/** A sandbox that nobody has claimed is given up: the reconciler removes it, and a new one is made. */
function adopt(session: SessionRecord): SessionRecord {
  return isClaimed(session) ? session : { ...session, sandbox: null };
}
