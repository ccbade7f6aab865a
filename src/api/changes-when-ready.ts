import { setTimeout as delay } from 'node:timers/promises';
import { listenForChanges, type Changes } from '../store/changes.ts';
import type { Redis } from '../store/redis.ts';

const POLL_MS = 1_000;

/** What the API needs of changes: to wait for one. */
export type ChangeHints = Pick<Changes, 'next'>;

/**
 * Changes of a store that may not be there yet. Until it is, every wait takes `POLL_MS`, which is all that a wait
 * promises. Takes the connection over.
 */
export function changesWhenReady(redis: Redis): ChangeHints & { close(): void } {
  let ready: Changes | null = null;
  const begin = async (): Promise<void> => {
    ready = await listenForChanges(redis);
  };
  // The connection is patient: it gives up only when it is closed, and then nobody waits any more.
  begin().catch(() => undefined);
  return {
    next: (sessionId, signal) =>
      ready === null ? delay(POLL_MS, undefined, { signal }).catch(() => undefined) : ready.next(sessionId, signal),
    close: () => redis.disconnect(),
  };
}
