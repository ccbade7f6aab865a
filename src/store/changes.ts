import { EventEmitter, once } from 'node:events';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/**
 * Wakes those who wait for something of a session to change. Only a hint: a message can be lost with a connection, so
 * every wait also ends after `POLL_MS` and its caller looks for itself.
 */
export interface Changes {
  /** Resolves at the next change of the session (any session, if null), after `POLL_MS`, or when the signal aborts. */
  next(sessionId: string | null, signal: AbortSignal): Promise<void>;
  /** Calls back at each hint until the returned function is called. */
  watch(sessionId: string, listener: () => void): () => void;
  close(): void;
}

const POLL_MS = 1_000;
const ANY = '*';

/** Takes the connection over: one in subscriber mode can do nothing else. */
export async function listenForChanges(redis: Redis): Promise<Changes> {
  const emitter = new EventEmitter().setMaxListeners(0);
  redis.on('message', (_channel, sessionId) => {
    emitter.emit(sessionId);
    emitter.emit(ANY);
  });
  await redis.subscribe(keys.changes);
  return {
    async next(sessionId, signal) {
      const either = AbortSignal.any([signal, AbortSignal.timeout(POLL_MS)]);
      if (either.aborted) return;
      await once(emitter, sessionId ?? ANY, { signal: either }).catch(() => undefined);
    },
    watch(sessionId, listener) {
      emitter.on(sessionId, listener);
      return () => emitter.off(sessionId, listener);
    },
    close: () => redis.disconnect(),
  };
}
