import type { KeyObject } from 'node:crypto';
import { receiptOf } from '../../../session/receipt.ts';
import { readFormerTokens } from '../../../store/former-tokens.ts';
import { keepReceipt, readReceipt, unlistReceipt } from '../../../store/receipts.ts';
import { viewMended } from '../../../store/mend-token.ts';
import type { Redis } from '../../../store/redis.ts';
import { signReceipt } from '../../receipt/sign-receipt.ts';
import type { TokenRecord } from '../../record.ts';
import { isOwnTestimony } from '../../receipt/testimony.ts';

export type SigningOutcome = 'signed' | 'not_ready' | 'not_seen';

/**
 * Signs the receipt of one listed session if nothing of it can change any more. `not_seen`: the ledger says that a
 * token was refused, but it was not this minter that saw it, so it stays listed for the one that did.
 */
export async function signDue(
  { redis, key }: { redis: Redis; key: KeyObject },
  sessionId: string,
): Promise<SigningOutcome> {
  const { session, token } = await viewMended(redis, sessionId);
  const formerTokens = session === null ? [] : await readFormerTokens(redis, session);
  const seen = { session, token, formerTokens };
  const receipt = session === null ? null : receiptOf({ session, token, formerTokens });
  if (receipt?.final !== true || (await readReceipt(redis, sessionId)) !== null) {
    await unlistReceipt(redis, sessionId, seen);
    return 'not_ready';
  }
  const lines = [token, ...formerTokens.map(({ line }) => line)].filter((line) => line !== null);
  const isSeen = (line: TokenRecord): boolean => line.sessionId === sessionId && isOwnTestimony(line, key);
  if (!lines.filter(saysRefused).every(isSeen)) return 'not_seen';
  // What has changed meanwhile is looked at again in the next round.
  return (await keepReceipt(redis, seen, signReceipt(receipt, key, new Date()))) ? 'signed' : 'not_ready';
}

function saysRefused({ state, revokedAt, verifiedAt }: TokenRecord): boolean {
  return state === 'revoked' || revokedAt !== null || verifiedAt !== null;
}
