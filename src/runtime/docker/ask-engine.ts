import { engineStatus, toSessionError } from './engine-error.ts';

/** An engine that takes longer for one call does not answer. Starting a container takes it a second on a busy machine. */
const ENGINE_TIMEOUT_MS = 20_000;

/** Waits for the engine, but not for ever; the named statuses count as "it is so already" and give null. */
export async function askEngine<T>(doing: string, work: Promise<T>, fine: number[]): Promise<T | null>;
export async function askEngine<T>(doing: string, work: Promise<T>): Promise<T>;
export async function askEngine<T>(doing: string, work: Promise<T>, fine: number[] = []): Promise<T | null> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${ENGINE_TIMEOUT_MS / 1000} s`)),
    ENGINE_TIMEOUT_MS,
  );
  try {
    return await Promise.race([work, late.promise]);
  } catch (error) {
    if (fine.includes(engineStatus(error) ?? 0)) return null;
    throw toSessionError(error, doing);
  } finally {
    clearTimeout(timer);
  }
}
