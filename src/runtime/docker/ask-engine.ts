import { engineStatus, toSessionError } from './engine-error.ts';

/** An engine that takes longer for one call does not answer; its warden says so a little earlier. */
const ENGINE_TIMEOUT_MS = 20_000;

/**
 * Waits for the engine, but not for ever: the signal ends the call when its time is over. The named statuses count as "it
 * is so already" and give null.
 */
export async function askEngine<T>(
  doing: string,
  ask: Ask<T>,
  options: AskOptions & { fine: number[] },
): Promise<T | null>;
export async function askEngine<T>(doing: string, ask: Ask<T>, options?: AskOptions): Promise<T>;
export async function askEngine<T>(
  doing: string,
  ask: Ask<T>,
  { fine = [], timeoutMs = ENGINE_TIMEOUT_MS }: AskOptions & { fine?: number[] } = {},
): Promise<T | null> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    return await ask(late.signal);
  } catch (error) {
    if (fine.includes(engineStatus(error) ?? 0)) return null;
    throw toSessionError(late.signal.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error, doing);
  } finally {
    clearTimeout(timer);
  }
}

type Ask<T> = (signal: AbortSignal) => Promise<T>;

interface AskOptions {
  timeoutMs?: number;
}
