import { noteApiKeyUse } from '../store/api-keys.ts';
import type { Redis } from '../store/redis.ts';

const NOTED_EVERY_MS = 60_000;
/** So many keys are remembered to have been noted; then anew. */
const MAX_KEPT = 10_000;

/**
 * Notes when a key is used, once a minute at most, and without making anybody wait: a use that is not noted because the
 * store went away is no loss.
 */
export function createKeyUse(redis: Redis): (keyId: string) => void {
  const notedMs = new Map<string, number>();
  return (keyId) => {
    const now = new Date();
    if (now.getTime() - (notedMs.get(keyId) ?? 0) < NOTED_EVERY_MS) return;
    if (notedMs.size >= MAX_KEPT) notedMs.clear();
    notedMs.set(keyId, now.getTime());
    noteApiKeyUse(redis, keyId, now).catch(() => undefined);
  };
}
