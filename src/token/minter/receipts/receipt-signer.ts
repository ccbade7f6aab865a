import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../../ops/log.ts';
import { isOwnFault } from '../../../ops/own-fault.ts';
import { dueReceipts, publishReceiptKey } from '../../../store/receipts.ts';
import type { Redis } from '../../../store/redis.ts';
import { toReceiptKey } from '../../receipt/receipt-key.ts';
import { signDue } from './sign-due.ts';

const EVERY_MS = 2_000;
const SIDE_BY_SIDE = 32;

export interface ReceiptSigner {
  /** Resolves when nothing of it is under way. */
  close(): Promise<void>;
}

/** Signs receipts as they become final, and keeps the public key published, also after the store has lost it. */
export function startReceiptSigner(deps: { redis: Redis; log: Logger; receiptKey: KeyObject }): ReceiptSigner {
  const closing = new AbortController();
  const running = run(deps, closing.signal);
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

async function run(
  { redis, log, receiptKey }: { redis: Redis; log: Logger; receiptKey: KeyObject },
  closing: AbortSignal,
): Promise<void> {
  const publicKey = toReceiptKey(receiptKey);
  const told = new Set<string>();
  const tellOnce = (sessionId: string, fields: object, message: string): void => {
    if (told.has(sessionId)) return;
    told.add(sessionId);
    log.warn({ sessionId, ...fields }, message);
  };
  const sign = async (sessionId: string): Promise<void> => {
    try {
      if ((await signDue({ redis, key: receiptKey }, sessionId)) !== 'not_seen') return;
      tellOnce(sessionId, {}, 'a token counts as revoked, but not by this minter; its receipt is not signed here');
    } catch (error) {
      // One that cannot be read, or whose signing fails by a fault of ours, holds up no other.
      if (!isOwnFault(error)) throw error;
      tellOnce(sessionId, { err: error }, 'a receipt could not be signed; it is tried again');
    }
  };
  log.info({ keyId: publicKey.kid }, 'receipts are signed with this key');
  while (!closing.aborted) {
    try {
      await publishReceiptKey(redis, publicKey);
      const due = await dueReceipts(redis);
      for (let at = 0; at < due.length && !closing.aborted; at += SIDE_BY_SIDE) {
        await Promise.all(due.slice(at, at + SIDE_BY_SIDE).map(sign));
      }
    } catch (error) {
      log.warn({ err: error }, 'receipts could not be signed; it is tried again');
    }
    await sleep(EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
  }
}
