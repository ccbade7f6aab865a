import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import { decideKill } from '../../session/kill-switch.ts';
import { change, readToken } from '../../store/records.ts';
import { defineOperation } from '../operation.ts';
import { tokenSchema, toToken } from '../schemas/token.ts';
import { jsonAnswer } from './answers.ts';

export const revokeToken = defineOperation({
  method: 'post',
  path: '/v1/tokens/{id}/revoke',
  summary: 'The kill switch',
  description: 'The token is deleted at once and its session stopped. Safe to repeat; a token that is gone stays so.',
  body: z.strictObject({}),
  responses: jsonAnswer(202, 'The token as the ledger has it now.', tokenSchema),
  handle: async ({ id }, { redis }) => {
    const found = await readToken(redis, id);
    if (found === null) throw new Refusal('not_found', `There is no token ${id}.`);
    const { token } = await change(redis, { sessionId: found.sessionId, tokenId: id }, (view) =>
      view.token === null ? null : decideKill(view.session, view.token, new Date()),
    );
    if (token === null) throw new Refusal('not_found', `There is no token ${id}.`);
    return { status: 202, json: toToken(token) };
  },
});
