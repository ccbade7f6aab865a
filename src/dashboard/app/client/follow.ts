import type { Client } from './client.ts';
import { messageOf, Problem } from './problem.ts';
import { untilSeen, type Sight } from './sight.ts';

const RETRY_MS = 1_000;
const MAX_RETRY_MS = 10_000;
/** Heartbeats come every 15 s: a connection on which nothing does is dead, whatever the system says of it. */
const SILENT_MS = 40_000;

export interface FollowHandlers<T> {
  signal: AbortSignal;
  /** Each time that the stream is open, before its first message; what it throws counts as a break. */
  onOpen?: () => void | Promise<void>;
  onBreak?: (why: string) => void;
  onMessages: (messages: T[]) => void;
}

/**
 * Keeps a stream of events open until it says that it is over or the signal aborts; after a break it resumes behind the
 * last message that was handled. A page that nobody sees holds none, as a browser has six connections to the API for all
 * its tabs together. Resolves at the end; rejects with a `Problem` when asking again would not help.
 */
export async function follow<T>(client: Client, path: string, handlers: FollowHandlers<T>): Promise<void> {
  const { signal, onOpen, onBreak, onMessages } = handlers;
  let lastEventId: string | null = null;
  let retryMs = RETRY_MS;
  for (;;) {
    await untilSeen(client.sight, signal);
    if (signal.aborted) return;
    const guard = createGuard(client.sight);
    try {
      const batches = await client.stream(path, { lastEventId, signal: AbortSignal.any([signal, guard.signal]) });
      await onOpen?.();
      for await (const batch of batches) {
        guard.heard();
        retryMs = RETRY_MS;
        const messages = batch.filter(({ event }) => event === 'message').map(({ data }) => data as T);
        if (messages.length > 0) onMessages(messages);
        lastEventId = batch.findLast(({ id }) => id !== null)?.id ?? lastEventId;
        if (batch.some(({ event }) => event === 'end')) return;
      }
      onBreak?.('The API closed the connection.');
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error)) throw error;
      onBreak?.(messageOf(error));
      if (error instanceof Problem && error.retryAfterSeconds !== null) retryMs = error.retryAfterSeconds * 1_000;
    } finally {
      guard.end();
    }
    if (guard.wasHidden()) continue;
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }
}

/** Refused for what it is; one that is asked for too often, or fails, may be tried again. */
function isFinal(error: unknown): boolean {
  return error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** Aborts a connection on which nothing is heard, or that nobody looks at, and one that is over, read to its end or not. */
function createGuard(sight: Sight) {
  const controller = new AbortController();
  const { signal } = controller;
  const give = () => setTimeout(() => controller.abort(new TypeError('Nothing was heard.')), SILENT_MS);
  let timer = give();
  let wasHidden = false;
  const onChange = () => {
    if (sight.visibilityState === 'visible') return;
    wasHidden = true;
    controller.abort(new TypeError('Nobody looks.'));
  };
  sight.addEventListener('visibilitychange', onChange, { signal });
  return {
    signal,
    wasHidden: () => wasHidden,
    heard() {
      clearTimeout(timer);
      timer = give();
    },
    end() {
      clearTimeout(timer);
      controller.abort();
    },
  };
}

/** Resolves after the time, or at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener('abort', done);
  });
}
