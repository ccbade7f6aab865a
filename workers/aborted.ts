import { once } from 'node:events';

/** Resolves when the signal aborts, or has. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
