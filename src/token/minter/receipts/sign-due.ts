import type { KeyObject } from 'node:crypto';
import type { SessionFacts } from '../../../session/decision.ts';
import { receiptOf } from '../../../session/receipt.ts';
import { keepReceipt, readReceipt, unlistReceipt } from '../../../store/receipts.ts';
import { view } from '../../../store/records.ts';
import type { Redis } from '../../../store/redis.ts';
import { signReceipt } from '../../receipt/sign-receipt.ts';
import { isOwnTestimony } from '../../receipt/testimony.ts';

export type SigningOutcome = 'signed' | 'not_ready' | 'not_seen';

/**
 * Signs the receipt of one listed session if nothing of it can change any more. `not_seen`: the ledger says that the
 * token was refused, but it was not this minter that saw it, so it stays listed for the one that did.
 */
export async function signDue(
  { redis, key }: { redis: Redis; key: KeyObject },
  sessionId: string,
): Promise<SigningOutcome> {
  const seen = await view(redis, sessionId);
  const facts: SessionFacts | null = seen.session === null ? null : { session: seen.session, token: seen.token };
  const receipt = facts === null ? null : receiptOf(facts);
  if (receipt?.final !== true || (await readReceipt(redis, sessionId)) !== null) {
    await unlistReceipt(redis, sessionId, seen);
    return 'not_ready';
  }
  const { token } = seen;
  const saysRefused = token?.state === 'revoked' || receipt.revokedAt !== null || receipt.verifiedAt !== null;
  const isSeen = token?.sessionId === sessionId && isOwnTestimony(token, key);
  if (saysRefused && !isSeen) return 'not_seen';
  // What has changed meanwhile is looked at again in the next round.
  return (await keepReceipt(redis, seen, signReceipt(receipt, key, new Date()))) ? 'signed' : 'not_ready';
}
