import { whyOver } from '../access/api-key.ts';
import { isOfSettings, type Caller } from '../access/caller.ts';
import { fingerprintOf } from '../access/key-value.ts';
import { Refusal } from '../errors.ts';
import { apiKeyAsSeen, readApiKey } from '../store/api-keys.ts';
import type { Expectation } from '../store/commit.ts';
import type { Redis } from '../store/redis.ts';

/**
 * That the key of a call which was let in is still not revoked, nor given another value, in the very step that follows:
 * whoever revokes a key sees all that it has started. Throws `unauthorized`.
 */
export async function keyHolds(redis: Redis, caller: Caller): Promise<Expectation[]> {
  if (isOfSettings(caller)) return [];
  const key = await readApiKey(redis, caller.keyId);
  if (key === null || whyOver(key, new Date()) !== null || fingerprintOf(key.hash) !== caller.fingerprint) {
    throw new Refusal('unauthorized', 'This API key is not known here any more.');
  }
  return [apiKeyAsSeen(key)];
}
