import { isEnded } from '../src/session/status.ts';
import type { SessionRecord } from '../src/session/record.ts';
import { readSession } from '../src/store/records.ts';
import type { WorkerDeps } from './deps.ts';
import type { StopCause } from './ending.ts';

/** How long an agent has between SIGTERM and SIGKILL when its time is over. */
export const DEADLINE_GRACE_SECONDS = 10;
/** A hint of a change can be lost, so the record is looked at this often anyway. */
const LOOK_EVERY_MS = 1_000;

/** Every reason to stop a session early, watched from its first step to its last. */
export interface Life extends AsyncDisposable {
  /** Aborts at the first reason to stop. */
  readonly signal: AbortSignal;
  /** Aborts when the agent has had its grace. */
  readonly graceOver: AbortSignal;
  /** The first reason to stop; null while there is none. */
  readonly cause: StopCause | null;
  /** Calls back with the deadline now, and whenever it is moved. */
  onDeadline(listener: (deadline: Date) => void): void;
  /** The step under way, or the one that failed. */
  readonly current: string;
  /** How long each step has taken so far. */
  readonly stepMs: Readonly<Record<string, number>>;
  /** Runs a step, unless there is a reason to stop already: then throws that. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function watchLife({ changes, redis, log }: WorkerDeps, session: SessionRecord): Life {
  const stop = new AbortController();
  const grace = new AbortController();
  let cause: StopCause | null = null;
  let current = 'begin';
  const stepMs: Record<string, number> = {};
  let timer: NodeJS.Timeout | undefined;
  let deadlineAt = session.deadlineAt;
  let deadlineListener: (deadline: Date) => void = () => undefined;

  // First cause wins; a later and stricter stop can only shorten the grace.
  const give = (reason: StopCause): void => {
    cause ??= reason;
    stop.abort(new Error(`the session is ${cause.kind}`));
  };

  const judge = (latest: SessionRecord): void => {
    const now = Date.now();
    const deadline = Date.parse(latest.deadlineAt ?? '');
    if (latest.deadlineAt !== deadlineAt) {
      deadlineAt = latest.deadlineAt;
      deadlineListener(new Date(deadline));
    }
    if (latest.stop !== null) {
      const { graceSeconds, revoke, requestedAt } = latest.stop;
      give({ kind: 'stopped', tokenFirst: revoke === 'now' });
      if (Date.parse(requestedAt) + graceSeconds * 1000 <= now) grace.abort();
    }
    if (deadline <= now) {
      give({ kind: 'timed_out', tokenFirst: true });
      if (deadline + DEADLINE_GRACE_SECONDS * 1000 <= now) grace.abort();
    }
    // Another worker ended it: nothing here may go on.
    if (isEnded(latest.status)) {
      give({ kind: 'stopped', tokenFirst: true });
      grace.abort();
    }
  };

  const look = async (): Promise<void> => {
    clearTimeout(timer);
    const latest = await readSession(redis, session.id).catch((error: unknown) => {
      log.warn({ err: error, sessionId: session.id }, 'could not look at the session');
      return null;
    });
    if (latest !== null) judge(latest);
    if (grace.signal.aborted || closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), LOOK_EVERY_MS);
  };

  let closed = false;
  const unwatch = changes.watch(session.id, () => void look());
  void look();

  return {
    signal: stop.signal,
    graceOver: grace.signal,
    stepMs,
    get cause() {
      return cause;
    },
    get current() {
      return current;
    },
    onDeadline(listener) {
      deadlineListener = listener;
      listener(new Date(deadlineAt ?? ''));
    },
    async step(name, work) {
      stop.signal.throwIfAborted();
      current = name;
      const from = performance.now();
      const result = await work();
      stepMs[name] = Math.round(performance.now() - from);
      return result;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      unwatch();
      clearTimeout(timer);
    },
  };
}
