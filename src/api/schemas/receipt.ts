import { z } from 'zod';
import { TOKEN_STATES } from '../../token/state.ts';
import { time } from './common.ts';

const signature = z
  .object({
    algorithm: z.literal('Ed25519'),
    keyId: z.string().meta({ description: 'A kid of /.well-known/daypass-receipt-keys.json.' }),
    signedAt: time.meta({ description: 'Beside what is signed, not in it.' }),
    value: z.string().meta({
      description: 'base64url, over the canonical JSON (RFC 8785) of the receipt without signature.',
    }),
  })
  .meta({ id: 'ReceiptSignature' });

export const receiptSchema = z
  .object({
    sessionId: z.string(),
    final: z.boolean().meta({ description: 'Nothing of it changes any more: session and tokens are over.' }),
    provider: z.string().nullable(),
    fingerprint: z.string().nullable(),
    tokenState: z.enum(TOKEN_STATES).nullable().meta({ description: 'null: there never was a token.' }),
    repoIds: z.array(z.string()),
    formerTokens: z
      .array(
        z.object({
          fingerprint: z.string().nullable(),
          state: z.enum(TOKEN_STATES).nullable().meta({ description: 'null: the ledger has lost it.' }),
        }),
      )
      .meta({
        description:
          'Its other tokens: the answer to their minting was lost, they were over too early, or they were renewed.',
      }),
    mintedAt: time.nullable(),
    deliveredAt: time.nullable().meta({ description: 'When the value was handed to the sandbox.' }),
    endedAt: time.nullable(),
    revokedAt: time.nullable(),
    verifiedAt: time.nullable().meta({ description: 'When a request with the token was refused by the provider.' }),
    attempts: z.int().meta({ description: 'Calls made to delete it.' }),
    revocationMs: z.int().nullable().meta({ description: 'From the wish to delete it until it was verified.' }),
    signature: signature.nullable().meta({ description: 'null until it is final, and for some 2 s after that.' }),
  })
  .meta({ id: 'Receipt' });
