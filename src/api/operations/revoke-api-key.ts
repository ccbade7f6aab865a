import { Refusal } from '../../errors.ts';
import { readApiKeyUse, revokeApiKey as revoke } from '../../store/api-keys.ts';
import { defineOperation } from '../operation.ts';
import { apiKeySchema, toApiKey } from '../schemas/api-key.ts';
import { jsonAnswer } from './answers.ts';

export const revokeApiKey = defineOperation({
  method: 'delete',
  path: '/v1/api-keys/{id}',
  scope: 'operate',
  audit: 'api_key.revoke',
  summary: 'Revokes an API key',
  description:
    'It is refused from now on, by every process; streams that it has open end within 2 s. Its sessions go on: stop ' +
    'them, or pull the kill switch, where that is not wanted. Safe to repeat. It stays in the list.',
  responses: jsonAnswer(200, 'The key, revoked.', apiKeySchema),
  handle: async ({ id, audit }, { redis }) => {
    const effects = audit === null ? [] : [audit.effect()];
    const revoked = await revoke(redis, id, { now: new Date(), effects });
    if (revoked === null) {
      throw new Refusal('not_found', 'There is no such API key. Keys of the settings end in DAYPASS_API_KEYS.');
    }
    if (revoked.changed) audit?.written();
    const [lastUsedAt = null] = await readApiKeyUse(redis, [id]);
    return { status: 200, json: toApiKey(revoked.key, lastUsedAt) };
  },
});
