import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, type Json } from './canonical-json.ts';
import { isGenuine, type ReceiptKey } from './receipt-key.ts';

const signed = z.looseObject({
  signature: z.object({ algorithm: z.literal('Ed25519'), keyId: z.string(), value: z.string() }).nullable(),
});

/** `unknown_key`: it may be right, but none of the keys is the one that it names. An id alone says nothing: it must be the key's own. */
export type ReceiptVerdict = 'valid' | 'unsigned' | 'unknown_key' | 'forged';

/** Looks at a receipt as it was received, with every field of it. Throws when it is none. */
export function verifyReceipt(receipt: unknown, keys: ReceiptKey[]): ReceiptVerdict {
  const { signature, ...rest } = signed.parse(receipt);
  if (signature === null) return 'unsigned';
  const jwk = keys.find((one) => one.kid === signature.keyId && isGenuine(one));
  if (jwk === undefined) return 'unknown_key';
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const content = Buffer.from(canonicalJson(rest as Record<string, Json>));
  return verify(null, content, key, Buffer.from(signature.value, 'base64url')) ? 'valid' : 'forged';
}
