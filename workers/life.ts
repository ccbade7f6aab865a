import { isOwnFault } from '../src/ops/own-fault.ts';
import type { SessionRecord } from '../src/session/record.ts';
import { readSession } from '../src/store/records.ts';
import type { WorkerDeps } from './deps.ts';
import { createEndWatch, SYSTEM_CLOCK } from './end-watch.ts';
import type { StopCause } from './ending.ts';
import { Leave, type LeaveReason } from './leave.ts';
import { whileStoreAway } from './while-store-away.ts';

/** A hint of a change can be lost, so the record is looked at this often anyway. */
const LOOK_EVERY_MS = 1_000;
/** A store that is there answers sooner. Until it is back, the record that was read last decides about deadline and grace. */
const STORE_ANSWERS_MS = 1_000;

/**
 * Watches a session from this worker's first step to its last: every reason to stop it early, and every reason to let go
 * of it.
 */
export interface Life extends AsyncDisposable {
  /** Aborts at the first reason to stop. */
  readonly signal: AbortSignal;
  /** Aborts when the agent has had its grace. */
  readonly graceOver: AbortSignal;
  /** The first reason to stop; null while there is none. */
  readonly cause: StopCause | null;
  /** Calls back with the deadline now, and whenever it is moved. */
  onDeadline(listener: (deadline: Date) => void): void;
  /** Calls back with what the gateway is to know now, and whenever it is something else. */
  onNetwork(listener: (network: SessionNetwork) => void): void;
  /** The step under way, or the one that failed. */
  readonly current: string;
  /** How long each step has taken so far. */
  readonly stepMs: Readonly<Record<string, number>>;
  /**
   * Runs a step. At a reason to stop, before it or during it, it is given up and that reason is thrown, whatever the step
   * does then: a sandbox that is paused, or an engine that does not answer, must not hold up an end. One that sees to a
   * stop itself goes on. Throws `Leave` as soon as the session is to be let go of.
   */
  step<T>(name: string, work: () => Promise<T>, atStop?: 'give_up' | 'go_on'): Promise<T>;
  /** Of a fault of ours that happened beside the steps: the step under way throws it, or the next one. */
  fail(fault: unknown): void;
  /** Looks at the record once more. Throws `Leave` when the session is not this worker's any more. */
  confirm(): Promise<void>;
}

/** What of a session the gateway follows while it runs. */
export interface SessionNetwork {
  allow: string[];
  tokenId: string | null;
}

function networkOf({ request, tokenId }: SessionRecord): SessionNetwork {
  return { allow: request.network.allow, tokenId };
}

export function watchLife({ changes, redis, log, closing }: WorkerDeps, session: SessionRecord): Life {
  const stop = new AbortController();
  const grace = new AbortController();
  const left = Promise.withResolvers<never>();
  const stopped = Promise.withResolvers<never>();
  const failed = Promise.withResolvers<never>();
  // They may be rejected while nothing waits for them.
  for (const { promise } of [left, stopped, failed]) promise.catch(() => undefined);
  let leaving: Leave | null = null;
  let fault: { thrown: unknown } | null = null;
  let cause: StopCause | null = null;
  let current = 'begin';
  const stepMs: Record<string, number> = {};
  let timer: NodeJS.Timeout | undefined;
  let deadlineAt = session.deadlineAt;
  let deadlineListener: (deadline: Date) => void = () => undefined;
  let network = networkOf(session);
  let networkListener: (network: SessionNetwork) => void = () => undefined;
  let closed = false;
  let latest = session;
  const end = createEndWatch(SYSTEM_CLOCK);

  // First cause wins; a later and stricter stop can only shorten the grace.
  const give = (reason: StopCause): void => {
    cause ??= reason;
    stop.abort(new DOMException(`the session is ${cause.kind}`, 'AbortError'));
    stopped.reject(stop.signal.reason);
  };

  const leave = (reason: LeaveReason): void => {
    leaving ??= new Leave(reason);
    left.reject(leaving);
  };

  /** In how many ms the answer may change by itself. */
  const judgeTime = (): number => {
    const { cause: found, graceIsOver, changesInMs } = end.evaluate(latest);
    if (found !== null) give(found);
    if (graceIsOver) grace.abort();
    return changesInMs;
  };

  const fail = (thrown: unknown): void => {
    fault ??= { thrown };
    failed.reject(fault.thrown);
  };

  const judge = (read: SessionRecord): void => {
    if (read.term !== session.term) return leave('superseded');
    latest = read;
    if (latest.deadlineAt !== deadlineAt) {
      deadlineAt = latest.deadlineAt;
      deadlineListener(new Date(deadlineAt ?? ''));
    }
    const latestNetwork = networkOf(latest);
    if (JSON.stringify(latestNetwork) !== JSON.stringify(network)) {
      network = latestNetwork;
      networkListener(network);
    }
    judgeTime();
  };

  const read = async (): Promise<void> => {
    const found = await whileStoreAway(() => readSession(redis, session.id));
    if (found !== null) return judge(found);
    // The store was emptied. Nobody can stop this session any more, and its token is illegal.
    give({ kind: 'lost', tokenFirst: true, sinceMs: Date.now() });
    grace.abort();
  };

  const look = async (): Promise<void> => {
    clearTimeout(timer);
    const alone = setInterval(judgeTime, STORE_ANSWERS_MS).unref();
    await read().catch((error: unknown) => {
      if (isOwnFault(error)) return fail(error);
      log.warn({ err: error, sessionId: session.id }, 'could not look at the session');
    });
    clearInterval(alone);
    if (grace.signal.aborted || closed || leaving !== null) return;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), Math.min(LOOK_EVERY_MS, judgeTime()));
  };

  const handOver = (): void => leave('handed_over');
  closing.addEventListener('abort', handOver, { once: true });
  if (closing.aborted) handOver();
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
    onNetwork(listener) {
      networkListener = listener;
      listener(network);
    },
    async step(name, work, atStop = 'give_up') {
      if (atStop === 'give_up') stop.signal.throwIfAborted();
      if (leaving !== null) throw leaving;
      if (fault !== null) throw fault.thrown;
      current = name;
      const from = performance.now();
      const ends = atStop === 'give_up' ? [left.promise, stopped.promise] : [left.promise];
      const result = await Promise.race([work(), failed.promise, ...ends]);
      stepMs[name] = Math.round(performance.now() - from);
      return result;
    },
    fail,
    async confirm() {
      if (leaving === null) await Promise.race([read(), left.promise]);
      if (leaving !== null) throw leaving;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      closing.removeEventListener('abort', handOver);
      unwatch();
      clearTimeout(timer);
    },
  };
}
