import type { TokenRecord } from '../token/record.ts';
import { dueSinceMs } from '../token/token-upkeep.ts';
import { keys } from './keys.ts';
import { sortedTokens } from './listing.ts';
import { ifReadable, parseSession } from './parse-record.ts';
import type { Redis } from './redis.ts';

/** A token that should be gone, and since when it should, in ms since 1970. */
export interface DueToken {
  token: TokenRecord;
  sinceMs: number;
}

/**
 * Active tokens that may not be so any more and that are not made due yet; of one API key, if given. For moments there is
 * one at every end. `unreadable` is the number of active lines that cannot be read; they are mended within seconds.
 */
export async function illegalTokens(
  redis: Redis,
  now: Date,
  keyId: string | null = null,
): Promise<{ due: DueToken[]; unreadable: number }> {
  const { items: active, unreadable } = await sortedTokens(redis, 'active', keyId);
  if (active.length === 0) return { due: [], unreadable: unreadable.length };
  const texts = await redis.mget(active.map(({ sessionId }) => keys.session(sessionId)));
  const due = active.flatMap((token, i) => {
    const session = ifReadable(() => parseSession(token.sessionId, texts[i] ?? null));
    const sinceMs = dueSinceMs({ session, token }, now.getTime());
    return sinceMs === null ? [] : [{ token, sinceMs }];
  });
  return { due, unreadable: unreadable.length };
}
