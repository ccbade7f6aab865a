import { z } from 'zod';
import { Refusal } from '../errors.ts';
import type { Effect, Expectation } from '../store/commit.ts';
import { keys } from '../store/keys.ts';
import { parseStored } from '../json/parse-stored.ts';
import type { Redis } from '../store/redis.ts';

const firstUse = z.object({ sessionId: z.string(), bodyHash: z.string() });

/** What an Idempotency-Key was first used for. */
type FirstUse = z.infer<typeof firstUse>;

export interface IdempotencyClaim {
  keyId: string;
  key: string;
  bodyHash: string;
}

/** The session this key started before; null when it is new. Throws `idempotency_conflict` when the body was another. */
export async function earlierSession(redis: Redis, claim: IdempotencyClaim): Promise<string | null> {
  const text = await redis.get(keys.idempotency(claim.keyId, claim.key));
  if (text === null) return null;
  const first = firstUse.parse(parseStored(text));
  if (first.bodyHash === claim.bodyHash) return first.sessionId;
  throw new Refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for a request with another body. Use a new key for a new request.',
  );
}

/** What makes the key this session's, in the same step that makes the session: it holds only if nobody was first. */
export function claimKey(
  claim: IdempotencyClaim,
  sessionId: string,
  keptMs: number,
): { expect: Expectation[]; effects: Effect[] } {
  const key = keys.idempotency(claim.keyId, claim.key);
  const value = JSON.stringify({ sessionId, bodyHash: claim.bodyHash } satisfies FirstUse);
  return { expect: [{ key, value: null }], effects: [['SET', key, value, 'PX', keptMs]] };
}
