import { z } from 'zod';
import type { SignedReceipt } from '../session/receipt.ts';
import { isGenuine, receiptKeySchema, type ReceiptKey } from '../token/receipt/receipt-key.ts';
import { asSeen, type Seen } from './as-seen.ts';
import { commit, type Effect } from './commit.ts';
import { keys } from './keys.ts';
import { readRecord, requireReadable, sortOut } from './readable.ts';
import type { Redis } from './redis.ts';
import { readStored } from './stored.ts';

/** What is signed is for whoever verifies it to judge. */
const receiptShape = z.looseObject({ sessionId: z.string(), signature: z.looseObject({ value: z.string() }) });

/**
 * Keeps a public key that receipts are signed with, for good: old receipts need it. Safe, and cheap, to repeat; whatever
 * else has come under its id gives way.
 */
export async function publishReceiptKey(redis: Redis, key: ReceiptKey): Promise<void> {
  const text = JSON.stringify(key);
  if ((await redis.hget(keys.receiptKeys, key.kid)) !== text) await redis.hset(keys.receiptKeys, key.kid, text);
}

/** Every public key that receipts were ever signed with here; what stands under an id that is not its own, or cannot be read, is left out. */
export async function readReceiptKeys(redis: Redis): Promise<ReceiptKey[]> {
  const found = Object.entries(await redis.hgetall(keys.receiptKeys));
  return sortOut(found.map(([kid, text]) => readRecord<ReceiptKey>(receiptKeySchema, kid, text))).items.filter(
    isGenuine,
  );
}

/** Ids of the sessions whose receipt may be ready to be signed. */
export async function dueReceipts(redis: Redis): Promise<string[]> {
  return redis.smembers(keys.receiptsDue);
}

/** null while it is not signed. Throws `record_unreadable`. */
export async function readReceipt(redis: Redis, sessionId: string): Promise<SignedReceipt | null> {
  const stored = await readStored(redis, keys.receipt(sessionId));
  if (stored === null) return null;
  return requireReadable('the receipt of', readRecord<SignedReceipt>(receiptShape, sessionId, stored));
}

/** Keeps a signed receipt if session and tokens are still as they were `seen`, and nobody else was first. */
export async function keepReceipt(redis: Redis, seen: Seen, receipt: SignedReceipt): Promise<boolean> {
  const { sessionId } = receipt;
  const key = keys.receipt(sessionId);
  return commit(
    redis,
    [...asSeen(sessionId, seen), { key, value: null }],
    [
      ['SET', key, JSON.stringify(receipt)],
      ['SREM', keys.receiptsDue, sessionId],
      ['PUBLISH', keys.changes, sessionId],
    ],
  );
}

/** Takes a session off the list if it is still as it was `seen`: a change that makes its receipt ready lists it again. */
export async function unlistReceipt(redis: Redis, sessionId: string, seen: Seen): Promise<void> {
  const effects: Effect[] = [['SREM', keys.receiptsDue, sessionId]];
  await commit(redis, asSeen(sessionId, seen), effects);
}
