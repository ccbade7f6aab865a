import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import { readApiKeyUse, revokeApiKey as revoke } from '../../store/api-keys.ts';
import { requireCaller } from '../caller.ts';
import { countOpen } from '../open-sessions.ts';
import { defineOperation } from '../operation.ts';
import { revokedApiKeySchema, toApiKey } from '../schemas/api-key.ts';
import { stopAllOf } from '../pull-kill-switch.ts';
import { jsonAnswer } from './answers.ts';

export const revokeApiKey = defineOperation({
  method: 'delete',
  path: '/v1/api-keys/{id}',
  scope: 'operate',
  audit: 'api_key.revoke',
  summary: 'Revokes an API key',
  description:
    'It is refused from now on, by every process; streams that it has open end within 2 s. Its sessions go on, and the ' +
    'answer says how many: right for a key that is replaced. Of one that has leaked, stop them: with ' +
    'stopSessions=true their tokens are deleted at once and they are stopped, as by the kill switch, also where the key ' +
    'was revoked before. Safe to repeat. It stays in the list.',
  query: z.strictObject({ stopSessions: z.enum(['true', 'false']).default('false') }),
  responses: jsonAnswer(200, 'The key, revoked.', revokedApiKeySchema),
  handle: async (call, { redis }) => {
    const { id, audit, query } = call;
    const effects = audit === null ? [] : [audit.effect()];
    const revoked = await revoke(redis, id, { now: new Date(), effects });
    if (revoked === null) {
      throw new Refusal('not_found', 'There is no such API key. Keys of the settings end in DAYPASS_API_KEYS.');
    }
    if (revoked.changed) audit?.written();
    if (query.stopSessions === 'true') await stopAllOf(redis, id, { caller: requireCaller(call), audit });
    const [[lastUsedAt = null], openSessions] = await Promise.all([readApiKeyUse(redis, [id]), countOpen(redis, id)]);
    return { status: 200, json: { ...toApiKey(revoked.key, lastUsedAt), openSessions } };
  },
});
