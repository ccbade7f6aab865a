import { EXIT } from '../exit-codes.ts';

/** Npm and our own launcher pass on a signal that the terminal has sent to the whole group: that is the same one again. */
const SAME_SIGNAL_MS = 1_000;

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hangUp } as const;

export interface StopSignals extends Disposable {
  /** Aborted at the first SIGINT, SIGTERM or SIGHUP. */
  stop: AbortSignal;
  /** Aborted at the next one. */
  leave: AbortSignal;
  /** What the first one makes the process end with. */
  exitCode(): number | null;
}

/** Takes the signals by which the person says that it is enough, until it is disposed of. */
export function takeStopSignals(source: NodeJS.EventEmitter = process, now: () => number = Date.now): StopSignals {
  const [stop, leave] = [new AbortController(), new AbortController()];
  let first: { code: number; atMs: number } | null = null;
  const takers = Object.entries(CODES).map(([name, code]) => {
    const take = (): void => {
      if (first === null) {
        first = { code, atMs: now() };
        stop.abort();
      } else if (now() - first.atMs > SAME_SIGNAL_MS) leave.abort();
    };
    source.on(name, take);
    return () => source.off(name, take);
  });
  return {
    stop: stop.signal,
    leave: leave.signal,
    exitCode: () => first?.code ?? null,
    [Symbol.dispose]: () => takers.forEach((release) => release()),
  };
}
