import { setTimeout as sleep } from 'node:timers/promises';
import { closeGateway, listGateways } from '../src/egress/policy-files.ts';
import { enqueueSession } from '../src/queue/sessions-queue.ts';
import { unsettledSessions } from '../src/store/listing.ts';
import { change, readSession, view } from '../src/store/records.ts';
import { isEnded } from '../src/session/status.ts';
import { listWorkers } from '../src/store/workers.ts';
import type { WorkerDeps } from './deps.ts';
import { settleSession } from './settle-session.ts';
import { endSession } from './steps/end-session.ts';
import { decideUpkeep, type Upkeep } from './upkeep.ts';

const EVERY_MS = 3_000;
/** A sandbox is in its session's record before it exists; an older one without a session belongs to nobody. */
const REVOKE_TIMEOUT_MS = 20_000;

/**
 * Looks at everything that is not settled, at the start and every few seconds, and puts right what an event, a timer or
 * a process that died has left. Each session by itself, so that trouble with one does not hold up the others.
 */
export async function runReconciler(deps: WorkerDeps, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    try {
      await reconcileSessions(deps);
      await removeStraySandboxes(deps);
      await closeStrayGateways(deps);
    } catch (error) {
      deps.log.warn({ err: error }, 'could not look after what is left; it is tried again');
    }
    await sleep(EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
  }
}

async function reconcileSessions(deps: WorkerDeps): Promise<void> {
  const aliveWorkers = new Set((await listWorkers(deps.redis)).map(({ name }) => name));
  const { workerName } = deps.config;
  await Promise.all(
    (await unsettledSessions(deps.redis)).map(async (sessionId) => {
      const now = await view(deps.redis, sessionId);
      const runningHere = deps.running.has(sessionId);
      const upkeep = decideUpkeep({ view: now, runningHere, workerName, aliveWorkers, now: Date.now() });
      await perform(deps, sessionId, upkeep).catch((error: unknown) => {
        deps.log.warn({ err: error, sessionId, upkeep }, 'could not look after a session; it is tried again');
      });
    }),
  );
}

async function perform(deps: WorkerDeps, sessionId: string, upkeep: Upkeep): Promise<void> {
  const { session, token } = await view(deps.redis, sessionId);
  if (session === null) return;
  switch (upkeep) {
    case 'nothing':
      return;
    case 'enqueue':
      return enqueueSession(deps.queue, sessionId, session.request.priority);
    case 'settle':
      return settleSession(deps, sessionId);
    case 'revoke_token':
      await deps.minter.revoke(token?.id ?? '', AbortSignal.timeout(REVOKE_TIMEOUT_MS));
      return;
    case 'give_up_intent':
      await change(deps.redis, { sessionId, tokenId: session.tokenId }, (latest) =>
        latest.token?.state === 'intended'
          ? {
              token: { ...latest.token, state: 'unknown' },
              events: [{ type: 'token_unknown', detail: { tokenId: latest.token.id } }],
            }
          : null,
      );
      return;
    case 'end_as_lost': {
      const message = `The worker ${session.worker ?? ''} that ran this session is gone`;
      await endSession(deps, session, {
        status: 'failed',
        exitCode: null,
        failure: { code: 'worker_lost', message, step: session.status },
      });
      return settleSession(deps, sessionId);
    }
  }
}

/** Containers with our labels that no living session names, such as one that was created while its session ended. */
async function removeStraySandboxes(deps: WorkerDeps): Promise<void> {
  for (const { sandboxId, sessionId } of await deps.runtime.list()) {
    const session = await readSession(deps.redis, sessionId);
    const wanted = session !== null && !isEnded(session.status) && session.sandbox?.id === sandboxId;
    const settling = session?.sandbox?.id === sandboxId && session.sandbox.removedAt === null;
    if (!wanted && !settling) await deps.runtime.remove(sandboxId);
  }
}

async function closeStrayGateways(deps: WorkerDeps): Promise<void> {
  const sandboxes = new Set((await deps.runtime.list()).map(({ sandboxId }) => sandboxId));
  const starting = new Set<string>();
  for (const sessionId of deps.running) {
    const session = await readSession(deps.redis, sessionId);
    if (session?.sandbox) starting.add(session.sandbox.id);
  }
  for (const sandboxId of await listGateways(deps.config.runDir)) {
    if (!sandboxes.has(sandboxId) && !starting.has(sandboxId))
      await closeGateway({ runDir: deps.config.runDir, sandboxId });
  }
}
