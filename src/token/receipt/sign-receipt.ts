import { sign, type KeyObject } from 'node:crypto';
import type { Receipt, SignedReceipt } from '../../session/receipt.ts';
import { canonicalJson } from './canonical-json.ts';
import { toReceiptKey } from './receipt-key.ts';

/** `key` is an Ed25519 private key. The time of signing and the key's id are beside what is signed, not in it. */
export function signReceipt(receipt: Receipt, key: KeyObject, now: Date): SignedReceipt {
  const value = sign(null, Buffer.from(canonicalJson({ ...receipt })), key).toString('base64url');
  return {
    ...receipt,
    signature: { algorithm: 'Ed25519', keyId: toReceiptKey(key).kid, signedAt: now.toISOString(), value },
  };
}
