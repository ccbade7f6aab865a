/** A second SIGINT so soon is the first one again: the terminal sends it, and npm passes it on. */
const SAME_SIGNAL_MS = 2_000;

export interface EndSignals {
  /** Aborted at the first SIGINT, SIGTERM or SIGHUP. */
  end: AbortSignal;
  /** Aborted when the person insists later on: what is waited for is to be given up. */
  hurry: AbortSignal;
}

/** Takes the signals by which a process is asked to end. */
export function takeEndSignals(source: NodeJS.EventEmitter = process, now: () => number = Date.now): EndSignals {
  const [end, hurry] = [new AbortController(), new AbortController()];
  let firstAtMs = 0;
  const take = (): void => {
    if (!end.signal.aborted) {
      firstAtMs = now();
      end.abort(new Interrupted('It was asked to end'));
    } else if (now() - firstAtMs > SAME_SIGNAL_MS) {
      hurry.abort();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) source.on(signal, take);
  return { end: end.signal, hurry: hurry.signal };
}

/** The person wants no more of it; no failure. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The work's result, unless the signal comes first: then the signal's reason, and the work is left to itself. */
export async function unlessEnded<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const reject = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', reject, { once: true });
  try {
    return await Promise.race([work, ended.promise]);
  } finally {
    signal.removeEventListener('abort', reject);
  }
}
