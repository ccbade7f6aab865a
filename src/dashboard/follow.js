// @ts-check
import { LoggedOut } from './api.js';

const RETRY_MS = 1_000;

/**
 * Keeps a stream of events open until it says that it is over or the signal aborts; after a break it resumes where it was.
 * @param {ReturnType<typeof import('./api.js').createApi>} api
 * @param {string} path
 * @param {{
 *   signal: AbortSignal,
 *   onOpen?: () => void | Promise<void>,
 *   onBreak?: () => void,
 *   onMessages: (messages: any[]) => void,
 * }} handlers
 */
export async function follow(api, path, { signal, onOpen, onBreak, onMessages }) {
  /** @type {string | null} */
  let lastEventId = null;
  while (!signal.aborted) {
    try {
      const batches = await api.stream(path, { lastEventId, signal });
      await onOpen?.();
      for await (const batch of batches) {
        lastEventId = batch.findLast(({ id }) => id !== null)?.id ?? lastEventId;
        onMessages(batch.filter(({ event }) => event === 'message').map(({ data }) => data));
        if (batch.some(({ event }) => event === 'end')) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof LoggedOut) throw error;
    }
    onBreak?.();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
