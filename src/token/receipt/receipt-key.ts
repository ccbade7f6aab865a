import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** A public key that receipts are verified with, as a JWK. Source: RFC 8037 (OKP), RFC 7517. */
export const receiptKeySchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  /** The key, base64url. */
  x: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('EdDSA'),
});

export type ReceiptKey = z.infer<typeof receiptKeySchema>;

/** A set of them. Source: RFC 7517, section 5. */
export const receiptKeySetSchema = z.object({ keys: z.array(receiptKeySchema) });

/** The public half of an Ed25519 key, with its thumbprint as its id. */
export function toReceiptKey(key: KeyObject): ReceiptKey {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x, kid: thumbprint(x), use: 'sig', alg: 'EdDSA' };
}

/** Whether a key is the one that its id names. Who can write to the store can put any key under the id of another. */
export function isGenuine({ x, kid }: ReceiptKey): boolean {
  return thumbprint(x) === kid;
}

/** Source: RFC 7638, JWK Thumbprint; RFC 8037, appendix A.3, for this kind of key. */
function thumbprint(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}
