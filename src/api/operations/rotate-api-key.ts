import { z } from 'zod';
import { hashOfKey, newKeyValue } from '../../access/key-value.ts';
import { Refusal } from '../../errors.ts';
import { readApiKeyUse, rotateApiKey as rotate } from '../../store/api-keys.ts';
import { defineOperation } from '../operation.ts';
import { createdApiKeySchema, toApiKey } from '../schemas/api-key.ts';
import { jsonAnswer } from './answers.ts';

export const rotateApiKey = defineOperation({
  method: 'post',
  path: '/v1/api-keys/{id}/rotate',
  scope: 'operate',
  audit: 'api_key.rotate',
  summary: 'Gives an API key another value',
  description:
    'For a value that has leaked, or is old: whoever has the new one sees the same sessions. The one before is refused ' +
    'from now on, as that of a revoked key is.',
  body: z.strictObject({}),
  responses: jsonAnswer(200, 'The key, with its new value.', createdApiKeySchema),
  handle: async ({ id, audit }, { redis }) => {
    const value = newKeyValue();
    const effects = audit === null ? [] : [audit.effect()];
    const rotated = await rotate(redis, id, { hash: hashOfKey(value.reveal()), effects });
    if (rotated === null) {
      throw new Refusal(
        'not_found',
        'There is no such API key, or it was revoked. Those of the settings change there.',
      );
    }
    audit?.written();
    const [lastUsedAt = null] = await readApiKeyUse(redis, [id]);
    return { status: 200, json: { ...toApiKey(rotated, lastUsedAt), key: value.reveal() } };
  },
});
