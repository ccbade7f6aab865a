import type { ChangeHints } from './changes-when-ready.ts';
import { isStoreAway } from '../store/redis.ts';

/** Yields what is new since the last look; returns whether that was all there will ever be. */
export type Look<T> = () => AsyncGenerator<T, boolean>;

/**
 * Looks at once, then at every change (of any session, if null), until a look was the last or the signal aborts. While
 * the store is away it keeps trying: what is new is still new when it is back.
 */
export async function* follow<T>(
  { changes, sessionId, signal }: { changes: ChangeHints; sessionId: string | null; signal: AbortSignal },
  look: Look<T>,
): AsyncGenerator<T, void> {
  while (!signal.aborted) {
    // Asked for before looking, so that a change in between is not missed.
    const hint = changes.next(sessionId, signal);
    try {
      if (yield* look()) return;
    } catch (error) {
      if (!isStoreAway(error)) throw error;
    }
    await hint;
  }
}
