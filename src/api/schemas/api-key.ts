import { z } from 'zod';
import type { ApiKeyRecord } from '../../access/api-key.ts';
import { NO_LIMITS } from '../../access/key-limits.ts';
import { fingerprintOf } from '../../access/key-value.ts';
import { SCOPES } from '../../access/scope.ts';
import { time } from './common.ts';

const bound = z.int().min(1).nullable();

/** null: as much as the operator's settings allow anybody. */
const limits = z
  .strictObject({
    sessions: bound.meta({ description: 'That have not ended, those that wait included.' }),
    startsPerMinute: bound,
    requestsPerMinute: bound,
    timeoutSeconds: bound.meta({ description: 'The longest that a session may ask for at a time.' }),
    cpus: z.number().min(0.1).nullable(),
    memoryMb: bound,
    pids: bound,
    diskMb: bound,
    maxPriority: z
      .int()
      .min(-1_000)
      .max(1_000)
      .nullable()
      .meta({ description: 'The highest priority of a session; 0 for a new key.' }),
  })
  .meta({ id: 'ApiKeyLimits', description: 'Each null: as much as the operator allows anybody.' });

const repoIds = z
  .array(z.guid('must be a UUID').transform((id) => id.toLowerCase()))
  .min(1)
  .max(1_000)
  .nullable();

/** The body of POST /v1/api-keys. */
export const newApiKeySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u, 'must be 1 to 100 characters that can be seen')
      .refine((text) => text.isWellFormed(), 'must be valid Unicode')
      .refine((text) => !/\bdp_[\w-]{16}/.test(text), 'must not be a key'),
    scopes: z
      .array(z.enum(SCOPES))
      .min(1)
      .max(SCOPES.length)
      .meta({ description: 'Each includes those before it: read, start, operate.' }),
    repos: repoIds.default(null).meta({ description: 'The repos that its sessions may have; null: any.' }),
    limits: limits.partial().default({}).meta({ description: 'What is left out has a default; null lifts it.' }),
    expiresAt: time.nullable().default(null),
  })
  .meta({ id: 'NewApiKey' });

export const apiKeySchema = z
  .object({
    id: z.string().meta({ example: 'key_…' }),
    name: z.string(),
    fingerprint: z.string().meta({ description: "First 12 hex digits of the value's SHA-256." }),
    scopes: z.array(z.enum(SCOPES)),
    repos: z.array(z.string()).nullable(),
    limits,
    createdAt: time,
    createdBy: z.string().meta({ description: 'Id of the key that made it.' }),
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
    lastUsedAt: time.nullable().meta({ description: 'To about a minute.' }),
  })
  .meta({ id: 'ApiKey' });

export const createdApiKeySchema = z
  .object({ ...apiKeySchema.shape, key: z.string().meta({ description: 'Shown this once; only its hash is kept.' }) })
  .meta({ id: 'CreatedApiKey' });

export const revokedApiKeySchema = z
  .object({
    ...apiKeySchema.shape,
    openSessions: z
      .int()
      .min(0)
      .meta({ description: 'That it started and that have not ended, those that are being stopped included.' }),
  })
  .meta({ id: 'RevokedApiKey' });

export type WireApiKey = z.output<typeof apiKeySchema>;

export function toApiKey(record: ApiKeyRecord, lastUsedAt: string | null): WireApiKey {
  const { id, name, scopes, repos, createdAt, createdBy, expiresAt, revokedAt } = record;
  return {
    id,
    name,
    fingerprint: fingerprintOf(record.hash),
    scopes,
    repos,
    limits: { ...NO_LIMITS, ...record.limits },
    createdAt,
    createdBy,
    expiresAt,
    revokedAt,
    lastUsedAt,
  };
}
