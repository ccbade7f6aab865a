import { setTimeout as sleep } from 'node:timers/promises';
import { whyOver } from '../access/api-key.ts';
import type { Caller } from '../access/caller.ts';
import { readApiKey } from '../store/api-keys.ts';
import type { Redis } from '../store/redis.ts';

const LOOK_EVERY_MS = 1_000;

/** Notices that a key is over while answers to it go on. */
export interface KeyWatch {
  /** Calls `end` soon after the key was revoked or has expired, unless the function returned was called before. */
  watch(caller: Caller, end: () => void): () => void;
}

/** One look a second at every key with open answers, however many those are. */
export function createKeyWatch(redis: Redis, closing: AbortSignal): KeyWatch {
  const answersOf = new Map<string, Set<() => void>>();
  let isLooking = false;

  const look = async (): Promise<void> => {
    isLooking = true;
    while (answersOf.size > 0 && !closing.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
      await Promise.all([...answersOf].map(([keyId, ends]) => endIfOver(keyId, ends)));
    }
    isLooking = false;
  };
  const endIfOver = async (keyId: string, ends: Set<() => void>): Promise<void> => {
    // While the store is away nothing is known, and nothing can be read of it either.
    const key = await readApiKey(redis, keyId).catch(() => undefined);
    if (key === undefined || (key !== null && whyOver(key, new Date()) === null)) return;
    for (const end of ends) end();
  };

  return {
    watch({ keyId }, end) {
      // A key of the settings lasts as long as the process.
      if (!keyId.startsWith('key_')) return () => undefined;
      const ends = answersOf.get(keyId) ?? new Set();
      answersOf.set(keyId, ends.add(end));
      if (!isLooking) void look();
      return () => {
        ends.delete(end);
        if (ends.size === 0 && answersOf.get(keyId) === ends) answersOf.delete(keyId);
      };
    },
  };
}
