import { setTimeout as sleep } from 'node:timers/promises';
import { whyOver } from '../access/api-key.ts';
import { isOfSettings, type Caller } from '../access/caller.ts';
import { fingerprintOf } from '../access/key-value.ts';
import { readApiKey } from '../store/api-keys.ts';
import type { Redis } from '../store/redis.ts';

const LOOK_EVERY_MS = 1_000;

/** Notices that a key is over while answers to it go on. */
export interface KeyWatch {
  /** Calls `end` soon after the key was revoked, has expired or got another value, unless the function returned was called before. */
  watch(caller: Caller, end: () => void): () => void;
}

interface Answering {
  /** Of the value that the answer was asked for with. */
  fingerprint: string;
  end: () => void;
}

/** One look a second at every key with open answers, however many those are. */
export function createKeyWatch(redis: Redis, closing: AbortSignal): KeyWatch {
  const answersOf = new Map<string, Set<Answering>>();
  let isLooking = false;

  const look = async (): Promise<void> => {
    isLooking = true;
    while (answersOf.size > 0 && !closing.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
      await Promise.all([...answersOf].map(([keyId, answers]) => endIfOver(keyId, answers)));
    }
    isLooking = false;
  };
  const endIfOver = async (keyId: string, answers: Set<Answering>): Promise<void> => {
    // While the store is away nothing is known, and nothing can be read of it either.
    const key = await readApiKey(redis, keyId).catch(() => undefined);
    if (key === undefined) return;
    const valid = key === null || whyOver(key, new Date()) !== null ? null : fingerprintOf(key.hash);
    for (const { fingerprint, end } of answers) if (fingerprint !== valid) end();
  };

  return {
    watch(caller, end) {
      const { keyId, fingerprint } = caller;
      // A key of the settings lasts as long as the process.
      if (isOfSettings(caller)) return () => undefined;
      const answers = answersOf.get(keyId) ?? new Set();
      const answering = { fingerprint, end };
      answersOf.set(keyId, answers.add(answering));
      if (!isLooking) void look();
      return () => {
        answers.delete(answering);
        if (answers.size === 0 && answersOf.get(keyId) === answers) answersOf.delete(keyId);
      };
    },
  };
}
