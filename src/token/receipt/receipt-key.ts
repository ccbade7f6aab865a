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

/** The public half of an Ed25519 key. Its id is the key's thumbprint, so that no two keys share one (RFC 7638). */
export function toReceiptKey(key: KeyObject): ReceiptKey {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' };
}
