import { setTimeout as sleep } from 'node:timers/promises';
import { whyOver } from '../access/api-key.ts';
import { isOfSettings, type Caller } from '../access/caller.ts';
import { fingerprintOf } from '../access/key-value.ts';
import { readApiKey } from '../store/api-keys.ts';
import { readLogin } from '../store/logins.ts';
import type { Redis } from '../store/redis.ts';

const LOOK_EVERY_MS = 1_000;

/** Notices that a key, or a login with one, is over while answers to it go on. */
export interface KeyWatch {
  /**
   * Calls `end` soon after the key was revoked, has expired or got another value, or the login that the caller came by
   * is over, unless the function returned was called before.
   */
  watch(caller: Caller, end: () => void): () => void;
}

interface Answering {
  caller: Caller;
  end: () => void;
}

/**
 * One look a second: at every key with open answers, however many those are, and at the login of each. `pause` resolves after
 * so many ms, or when the signal aborts.
 */
export function createKeyWatch(redis: Redis, closing: AbortSignal, pause = pauseUnless(closing)): KeyWatch {
  const answers = new Set<Answering>();
  let isLooking = false;

  const look = async (): Promise<void> => {
    isLooking = true;
    while (answers.size > 0 && !closing.aborted) {
      await pause(LOOK_EVERY_MS);
      const byKey = Map.groupBy(answers, ({ caller }) => caller.keyId);
      await Promise.all([
        ...[...byKey].map(([keyId, answering]) => endIfKeyOver(keyId, answering)),
        ...[...answers].map(endIfLoginOver),
      ]);
    }
    isLooking = false;
  };
  const endIfKeyOver = async (keyId: string, answering: Answering[]): Promise<void> => {
    // A key of the settings lasts as long as the process.
    if (isOfSettings({ keyId })) return;
    // While the store is away nothing is known, and nothing can be read of it either.
    const key = await readApiKey(redis, keyId).catch(() => undefined);
    if (key === undefined) return;
    const valid = key === null || whyOver(key, new Date()) !== null ? null : fingerprintOf(key.hash);
    for (const { caller, end } of answering) if (caller.fingerprint !== valid) end();
  };
  const endIfLoginOver = async ({ caller: { login }, end }: Answering): Promise<void> => {
    if (login === undefined) return;
    const found = await readLogin(redis, login, new Date()).catch(() => undefined);
    if (found === null) end();
  };

  return {
    watch(caller, end) {
      if (isOfSettings(caller) && caller.login === undefined) return () => undefined;
      const answering = { caller, end };
      answers.add(answering);
      if (!isLooking) void look();
      return () => void answers.delete(answering);
    },
  };
}

function pauseUnless(closing: AbortSignal): (ms: number) => Promise<void> {
  return (ms) => sleep(ms, undefined, { signal: closing }).catch(() => undefined);
}
