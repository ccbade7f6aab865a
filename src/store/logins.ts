import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../token/secret.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

const loginRecord = z.object({ keyId: z.string(), fingerprint: z.string(), endsAt: z.string() });

/** Somebody who has logged in: by which key, and until when at the latest (ISO 8601 UTC). */
export type LoginRecord = z.infer<typeof loginRecord>;

/** Kept under the hash of what its holder has, so that whoever reads the store cannot take its place. */
function keyOf(secret: Secret): string {
  return keys.login(createHash('sha256').update(secret.reveal()).digest('hex'));
}

/** Redis forgets it when it is not used for `idleMs`. */
export async function keepLogin(redis: Redis, secret: Secret, login: LoginRecord, idleMs: number): Promise<void> {
  await redis.set(keyOf(secret), JSON.stringify(login), 'PX', idleMs);
}

/** null when there is none, or its time is over. */
export async function readLogin(redis: Redis, secret: Secret, now: Date): Promise<LoginRecord | null> {
  const text = await redis.get(keyOf(secret));
  const login = text === null ? null : loginRecord.parse(JSON.parse(text));
  return login !== null && Date.parse(login.endsAt) > now.getTime() ? login : null;
}

/** It was used: it is kept for so long again. */
export async function noteLoginUse(redis: Redis, secret: Secret, idleMs: number): Promise<void> {
  await redis.pexpire(keyOf(secret), idleMs);
}

/** Safe to repeat. */
export async function forgetLogin(redis: Redis, secret: Secret): Promise<void> {
  await redis.del(keyOf(secret));
}
