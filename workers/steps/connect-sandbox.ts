import { order } from '../../src/runtime/orders.ts';
import type { SandboxChannel } from '../../src/runtime/sandbox-channel.ts';
import { DEADLINE_GRACE_SECONDS } from '../../src/session/deadline.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { MaskedForms } from '../../src/token/redactor.ts';
import { aborted } from '../aborted.ts';
import type { WorkerDeps } from '../deps.ts';
import { InitClient } from '../init-client.ts';
import { keepToken } from '../keep-token.ts';
import type { Life } from '../life.ts';
import { markRunning } from '../mark-running.ts';
import { noteExhaustion } from '../note-exhaustion.ts';
import { openLog, type SessionLog } from '../log/session-log.ts';
import { keepNetwork } from '../network/keep-network.ts';
import { relayDecisions, type DecisionRelay } from '../network/relay-decisions.ts';

/** The sandbox's own clock runs out after the worker's, which records why the session ends. */
const WATCHDOG_AFTER_SECONDS = 1;
/** An init that runs answers within milliseconds. */
const ANSWER_MS = 2_000;
/** How long the engine may take to end a sandbox that it was told to kill. */
const KILL_TIMEOUT_MS = 15_000;

/** A sandbox that this worker holds. */
export interface OpenSandbox {
  id: string;
  init: InitClient;
  log: SessionLog;
  /** What the gateway decides for it, on the way into the session's events. */
  decisions: DecisionRelay;
  /** Resolves when everything that the sandbox ever said is in the log, or this worker holds it no more. */
  drained: Promise<void>;
  /** Whether its init is gone, or listens to somebody newer: nothing more is said to this worker. */
  readonly isClosed: boolean;
  close(): void;
}

/**
 * Takes hold of a started sandbox: its log goes on where it was left, its deadline is the session's. Resolves when
 * everything that it said before is known. `forms` are those of the secrets that programs in it may know already.
 */
export async function connectSandbox(
  deps: WorkerDeps,
  session: SessionRecord,
  { id, life, forms }: { id: string; life: Life; forms: MaskedForms },
): Promise<OpenSandbox> {
  // One that was frozen here and is superseded by now must take neither log nor sandbox from whoever has them.
  await life.confirm();
  await using releases = new AsyncDisposableStack();
  const log = await openLog(deps, session.id, id);
  releases.defer(() => log.handOver().catch(() => undefined));
  log.mask(forms);
  await life.confirm();
  const channel = await attach(deps, id, log.resumeAt, life);
  releases.defer(() => channel.close());
  const init = new InitClient(channel, log, {
    hasAgent: session.status !== 'starting',
    protocol: session.sandbox?.id === id ? session.sandbox.protocol : undefined,
    onStarted: () => markRunning(deps, session, life),
    onUsedUp: (usedUp) => noteExhaustion(deps, session, usedUp),
  });
  // What is stored for good is no use to init any more. A hint only: it may be gone, and has no use for it then.
  log.onStored((offset) => void channel.send(order.stored(offset)).catch(() => undefined));
  const drained = init.pump();
  await init.caughtUp(log.resumeAt);
  life.onDeadline((deadline) => {
    const { seconds, graceSeconds } = watchdogFor(deadline, Date.now());
    init.setWatchdog(seconds, graceSeconds).catch((error: unknown) => {
      if (!channel.isClosed)
        deps.log.warn({ err: error, sessionId: session.id }, 'the sandbox could not be told of its deadline');
    });
  });
  const letNetworkBe = keepNetwork(deps, session, { id, init, life });
  const letTokenBe = keepToken(deps, session, life);
  const decisions = relayDecisions(deps, session, { id, life });
  releases.move();
  return {
    id,
    init,
    log,
    decisions,
    drained,
    get isClosed() {
      return channel.isClosed;
    },
    close() {
      letNetworkBe();
      letTokenBe();
      decisions.close();
      channel.close();
    },
  };
}

/** What init is to do by itself where nobody else does it; in the grace, what is left of that. Pure. */
export function watchdogFor(deadline: Date, nowMs: number): { seconds: number; graceSeconds: number } {
  const left = Math.ceil((deadline.getTime() - nowMs) / 1_000) + WATCHDOG_AFTER_SECONDS;
  const seconds = Math.max(0, left);
  return { seconds, graceSeconds: Math.max(0, left + DEADLINE_GRACE_SECONDS - seconds) };
}

/**
 * A sandbox that is paused does not answer. That is waited for, but no longer than the session may go on: then the engine
 * ends it, and what it had said is read.
 */
async function attach({ runtime }: WorkerDeps, id: string, from: number, life: Life): Promise<SandboxChannel> {
  const patience = new AbortController();
  void aborted(life.signal).then(() => setTimeout(() => patience.abort(), ANSWER_MS).unref());
  try {
    return await runtime.attach(id, from, patience.signal);
  } catch (error) {
    if (!patience.signal.aborted) throw error;
    await runtime.signal(id, 'SIGKILL');
    return runtime.attach(id, from, AbortSignal.timeout(KILL_TIMEOUT_MS));
  }
}
