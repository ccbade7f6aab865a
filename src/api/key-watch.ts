import { setTimeout as sleep } from 'node:timers/promises';
import { whyOver } from '../access/api-key.ts';
import type { Caller } from '../access/caller.ts';
import { readApiKey } from '../store/api-keys.ts';
import type { Redis } from '../store/redis.ts';

const LOOK_EVERY_MS = 1_000;

/** Notices that a key is over while an answer to it goes on. */
export interface KeyWatch {
  /** `over` aborts soon after the key was revoked or has expired. Release it once the answer is over. */
  watch(caller: Caller): { over: AbortSignal; release(): void };
}

interface Watched {
  ending: AbortController;
  holders: number;
}

/** One look a second for every key with open answers, however many those are. */
export function createKeyWatch(redis: Redis, closing: AbortSignal): KeyWatch {
  const watched = new Map<string, Watched>();

  const look = async (): Promise<void> => {
    while (watched.size > 0 && !closing.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
      await Promise.all([...watched].map(([keyId, key]) => endIfOver(keyId, key)));
    }
  };
  const endIfOver = async (keyId: string, { ending }: Watched): Promise<void> => {
    // While the store is away nothing is known, and nothing can be read of it either.
    const key = await readApiKey(redis, keyId).catch(() => undefined);
    if (key === null || (key !== undefined && whyOver(key, new Date()) !== null)) ending.abort();
  };

  return {
    watch({ keyId }) {
      // A key of the settings lasts as long as the process.
      if (!keyId.startsWith('key_')) return { over: new AbortController().signal, release: () => undefined };
      const isFirst = watched.size === 0;
      const entry = watched.get(keyId) ?? { ending: new AbortController(), holders: 0 };
      entry.holders++;
      watched.set(keyId, entry);
      if (isFirst) void look();
      return {
        over: entry.ending.signal,
        release: () => {
          entry.holders--;
          if (entry.holders === 0) watched.delete(keyId);
        },
      };
    },
  };
}
