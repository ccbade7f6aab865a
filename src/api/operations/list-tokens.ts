import { z } from 'zod';
import { viewOf } from '../../access/caller.ts';
import { listTokens as pageOfTokens } from '../../store/listing.ts';
import { TOKEN_STATES } from '../../token/state.ts';
import { requireCaller } from '../caller.ts';
import { listAnswer } from '../list-answer.ts';
import { defineOperation } from '../operation.ts';
import { cursor, limit, listOf } from '../schemas/common.ts';
import { tokenSchema, toToken } from '../schemas/token.ts';
import { jsonAnswer } from './answers.ts';

export const listTokens = defineOperation({
  method: 'get',
  path: '/v1/tokens',
  scope: 'read',
  summary: 'The token ledger, newest first',
  description: 'Without values: a token is recognised by its fingerprint.',
  query: z.strictObject({ state: z.enum(TOKEN_STATES).optional(), limit, cursor: cursor.optional() }),
  responses: jsonAnswer(200, 'A page of the ledger.', listOf(tokenSchema)),
  handle: async (call, { redis }) => {
    const { query } = call;
    const { items, unreadable, nextCursor } = await pageOfTokens(redis, {
      keyId: viewOf(requireCaller(call)),
      state: query.state ?? null,
      limit: query.limit,
      cursor: query.cursor ?? null,
    });
    return listAnswer({ data: items.map(toToken), nextCursor, unreadable });
  },
});
