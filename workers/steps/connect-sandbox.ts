import { order } from '../../src/runtime/orders.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { Secret } from '../../src/token/secret.ts';
import type { WorkerDeps } from '../deps.ts';
import { InitClient } from '../init-client.ts';
import { DEADLINE_GRACE_SECONDS, type Life } from '../life.ts';
import { markRunning } from '../mark-running.ts';
import { openLog, type SessionLog } from '../session-log.ts';

/** The sandbox's own clock runs out after the worker's, which records why the session ends. */
const WATCHDOG_AFTER_SECONDS = DEADLINE_GRACE_SECONDS + 5;

/** A sandbox that this worker holds. */
export interface OpenSandbox {
  id: string;
  init: InitClient;
  log: SessionLog;
  /** Resolves when everything that the sandbox ever said is in the log, or this worker holds it no more. */
  drained: Promise<void>;
  close(): void;
}

/**
 * Takes hold of a started sandbox: its log goes on where it was left, its deadline is the session's. Resolves when
 * everything that it said before is known. `secrets` are those that programs in it may know already.
 */
export async function connectSandbox(
  deps: WorkerDeps,
  session: SessionRecord,
  { id, life, secrets }: { id: string; life: Life; secrets: Secret[] },
): Promise<OpenSandbox> {
  const log = await openLog(deps, session.id, id);
  log.mask(secrets);
  const channel = await deps.runtime.attach(id, log.resumeAt, life.signal);
  const init = new InitClient(channel, log, {
    hasAgent: session.status !== 'starting',
    onStarted: () => markRunning(deps, session, life),
  });
  // What is stored for good is no use to init any more. A hint only: it may be gone, and has no use for it then.
  log.onStored((offset) => void channel.send(order.stored(offset)).catch(() => undefined));
  const drained = init.pump();
  await init.caughtUp(log.resumeAt);
  life.onDeadline((deadline) => {
    const seconds = Math.ceil((deadline.getTime() - Date.now()) / 1000) + WATCHDOG_AFTER_SECONDS;
    init.setWatchdog(Math.max(0, seconds), DEADLINE_GRACE_SECONDS).catch((error: unknown) => {
      if (!channel.isClosed)
        deps.log.warn({ err: error, sessionId: session.id }, 'the sandbox could not be told of its deadline');
    });
  });
  return { id, init, log, drained, close: () => channel.close() };
}
