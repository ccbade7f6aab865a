import { z } from 'zod';
import type { TokenRecord } from '../../token/record.ts';
import { TOKEN_STATES } from '../../token/state.ts';
import { time, unreadableSchema } from './common.ts';

const shared = {
  id: z.string().meta({ example: 'tok_…' }),
  provider: z.string().nullable(),
  state: z.enum(TOKEN_STATES),
  fingerprint: z.string().nullable().meta({ description: "First 12 hex digits of the value's SHA-256." }),
  repoIds: z.array(z.string()),
  mintedAt: time.nullable(),
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  verifiedAt: time.nullable().meta({ description: 'When the provider was seen to refuse the token itself.' }),
};

/** A token as its session shows it. */
export const sessionTokenSchema = z.object(shared).meta({ id: 'SessionToken' });

/** A line of the token ledger. Never the value, sealed or not. */
export const tokenSchema = z
  .object({
    ...shared,
    sessionId: z.string(),
    access: z.record(z.string(), z.enum(['read', 'write'])).meta({ description: 'By repo id.' }),
    intendedAt: time,
    deliveredAt: time.nullable(),
    revokingAt: time.nullable(),
    attempts: z.int().meta({ description: 'Calls made to delete it.' }),
    lastError: z.string().nullable(),
  })
  .meta({ id: 'Token' });

/** What a kill switch for many found. */
export const killedSchema = z
  .object({
    revoked: z.array(z.string()).meta({ description: 'Ids of all live tokens that match, also those due before.' }),
    count: z.int().min(0),
    unreadable: z.array(unreadableSchema).optional().meta({
      description: 'Sessions and tokens that cannot be read, and may have matched; left out where there are none.',
    }),
  })
  .meta({ id: 'RevokedTokens' });

export type WireSessionToken = z.output<typeof sessionTokenSchema>;
export type WireToken = z.output<typeof tokenSchema>;

export function toSessionToken(token: TokenRecord): WireSessionToken {
  return {
    id: token.id,
    provider: token.provider,
    state: token.state,
    fingerprint: token.fingerprint,
    repoIds: [...new Set(token.grants.map(({ repoId }) => repoId))],
    mintedAt: token.mintedAt,
    expiresAt: token.expiresAt,
    revokedAt: token.revokedAt,
    verifiedAt: token.verifiedAt,
  };
}

export function toToken(token: TokenRecord): WireToken {
  return {
    ...toSessionToken(token),
    sessionId: token.sessionId,
    access: Object.fromEntries(token.grants.map(({ repoId, access }) => [repoId, access])),
    intendedAt: token.intendedAt,
    deliveredAt: token.deliveredAt,
    revokingAt: token.revokingAt,
    attempts: token.attempts,
    lastError: token.lastError,
  };
}
