import { z } from 'zod';
import { listApiKeys as pageOfKeys, readApiKeyUse } from '../../store/api-keys.ts';
import { listAnswer } from '../list-answer.ts';
import { defineOperation } from '../operation.ts';
import { apiKeySchema, toApiKey } from '../schemas/api-key.ts';
import { cursor, limit, listOf } from '../schemas/common.ts';
import { jsonAnswer } from './answers.ts';

export const listApiKeys = defineOperation({
  method: 'get',
  path: '/v1/api-keys',
  scope: 'operate',
  summary: 'Lists API keys, newest first',
  description:
    'Without values, and those that are over too. Keys of the settings (DAYPASS_API_KEYS) are not among them.',
  query: z.strictObject({ limit, cursor: cursor.optional() }),
  responses: jsonAnswer(200, 'A page of keys.', listOf(apiKeySchema)),
  handle: async ({ query }, { redis }) => {
    const { items, unreadable, nextCursor } = await pageOfKeys(redis, {
      limit: query.limit,
      cursor: query.cursor ?? null,
    });
    const used = await readApiKeyUse(
      redis,
      items.map(({ id }) => id),
    );
    return listAnswer({ data: items.map((item, i) => toApiKey(item, used[i] ?? null)), nextCursor, unreadable });
  },
});
