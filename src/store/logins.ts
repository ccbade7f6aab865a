import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseStored } from '../json/parse-stored.ts';
import type { Secret } from '../token/secret.ts';
import { commit, type Effect } from './commit.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

const loginRecord = z.object({ keyId: z.string(), fingerprint: z.string(), endsAt: z.string() });

/** Somebody who has logged in: by which key, and until when at the latest (ISO 8601 UTC). */
export type LoginRecord = z.infer<typeof loginRecord>;

/** Kept under the hash of what its holder has, so that whoever reads the store cannot take its place. */
function keyOf(secret: Secret): string {
  return keys.login(createHash('sha256').update(secret.reveal()).digest('hex'));
}

/** Redis forgets it when it is not used for `keptMs`. The effects are done in the same step. */
export async function keepLogin(
  redis: Redis,
  secret: Secret,
  login: LoginRecord,
  { keptMs, effects }: { keptMs: number; effects: Effect[] },
): Promise<void> {
  await commit(redis, [], [['SET', keyOf(secret), JSON.stringify(login), 'PX', keptMs], ...effects]);
}

/** null when there is none, or its time is over. */
export async function readLogin(redis: Redis, secret: Secret, now: Date): Promise<LoginRecord | null> {
  const text = await redis.get(keyOf(secret));
  const login = text === null ? null : loginRecord.parse(parseStored(text));
  return login !== null && Date.parse(login.endsAt) > now.getTime() ? login : null;
}

/** It was used: it is kept for so long again. */
export async function noteLoginUse(redis: Redis, secret: Secret, idleMs: number): Promise<void> {
  await redis.pexpire(keyOf(secret), idleMs);
}

/** As `keepLogin`. Safe to repeat. */
export async function forgetLogin(redis: Redis, secret: Secret, effects: Effect[]): Promise<void> {
  await commit(redis, [], [['DEL', keyOf(secret)], ...effects]);
}
