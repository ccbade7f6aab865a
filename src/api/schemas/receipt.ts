import { z } from 'zod';
import { time } from './common.ts';

export const receiptSchema = z
  .object({
    sessionId: z.string(),
    provider: z.string().nullable(),
    fingerprint: z.string().nullable(),
    repoIds: z.array(z.string()),
    mintedAt: time.nullable(),
    deliveredAt: time.nullable().meta({ description: 'When the value was handed to the sandbox.' }),
    endedAt: time.nullable(),
    revokedAt: time.nullable(),
    verifiedAt: time.nullable().meta({ description: 'When a request with the token was refused by the provider.' }),
    attempts: z.int().meta({ description: 'Calls made to delete it.' }),
    revocationMs: z.int().nullable().meta({ description: 'From the wish to delete it until it was verified.' }),
  })
  .meta({ id: 'Receipt' });
