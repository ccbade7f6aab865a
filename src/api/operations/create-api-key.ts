import { nanoid } from 'nanoid';
import type { ApiKeyRecord } from '../../access/api-key.ts';
import { DEFAULT_LIMITS, type KeyLimits } from '../../access/key-limits.ts';
import { hashOfKey, newKeyValue } from '../../access/key-value.ts';
import { Refusal } from '../../errors.ts';
import { addApiKey } from '../../store/api-keys.ts';
import { requireCaller } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { createdApiKeySchema, newApiKeySchema, toApiKey } from '../schemas/api-key.ts';
import { jsonAnswer } from './answers.ts';

export const createApiKey = defineOperation({
  method: 'post',
  path: '/v1/api-keys',
  scope: 'operate',
  audit: 'api_key.create',
  summary: 'Makes an API key',
  description: 'Its value is in this answer and nowhere else. Whoever loses it makes another one and revokes this.',
  body: newApiKeySchema,
  responses: jsonAnswer(201, 'The key, with its value.', createdApiKeySchema),
  handle: async (call, { redis }) => {
    const { body, audit } = call;
    const now = new Date();
    if (body.expiresAt !== null && Date.parse(body.expiresAt) <= now.getTime()) {
      const fields = [{ path: 'expiresAt', message: `must be later than now, which is ${now.toISOString()}` }];
      throw new Refusal('invalid_request', 'This key would never work.', { fields });
    }
    const value = newKeyValue();
    const record: ApiKeyRecord = {
      id: `key_${nanoid()}`,
      name: body.name,
      hash: hashOfKey(value.reveal()),
      scopes: [...new Set(body.scopes)],
      repos: body.repos && [...new Set(body.repos)],
      limits: { ...DEFAULT_LIMITS, ...given(body.limits) },
      createdAt: now.toISOString(),
      createdBy: requireCaller(call).keyId,
      expiresAt: body.expiresAt,
      revokedAt: null,
    };
    audit?.note({ targetId: record.id, detail: { scopes: record.scopes } });
    await addApiKey(redis, record, audit === null ? [] : [audit.effect()]);
    audit?.written();
    return { status: 201, json: { ...toApiKey(record, null), key: value.reveal() } };
  },
});

/** What was said of the limits, null included. */
function given(limits: { [Name in keyof KeyLimits]?: KeyLimits[Name] | undefined }): Partial<KeyLimits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
