import { z } from 'zod';
import { parseStored } from '../json/parse-stored.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** What the minter tells the other processes of itself. Nothing in it is secret. */
const minterFacts = z.object({
  provider: z.string(),
  /** Whether a token can be made read-only. */
  canRestrictAccess: z.boolean(),
  /** HPKE public key (X25519), base64: what the API seals a request's secrets to. */
  publicKey: z.string(),
  /** Id of the seal key from which the key pair is derived. */
  keyId: z.string(),
});

export type MinterFacts = z.infer<typeof minterFacts>;

export async function publishMinterFacts(redis: Redis, facts: MinterFacts): Promise<void> {
  await redis.set(keys.minter, JSON.stringify(facts));
}

/** null before a minter has ever started. */
export async function readMinterFacts(redis: Redis): Promise<MinterFacts | null> {
  const text = await redis.get(keys.minter);
  return text === null ? null : minterFacts.parse(parseStored(text));
}
