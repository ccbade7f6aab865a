import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import { readTokenMended } from '../../store/mend-token.ts';
import { change } from '../../store/records.ts';
import { requireCaller } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { decideKillOf } from '../pull-kill-switch.ts';
import { tokenSchema, toToken } from '../schemas/token.ts';
import { createSight } from '../sight.ts';
import { jsonAnswer } from './answers.ts';

export const revokeToken = defineOperation({
  method: 'post',
  path: '/v1/tokens/{id}/revoke',
  scope: 'start',
  audit: 'token.revoke',
  summary: 'The kill switch',
  description: 'The token is deleted at once and its session stopped. Safe to repeat; a token that is gone stays so.',
  body: z.strictObject({}),
  responses: jsonAnswer(202, 'The token as the ledger has it now.', tokenSchema),
  handle: async (call, { redis }) => {
    const { id, audit } = call;
    const found = await readTokenMended(redis, id);
    const notFound = (): Refusal => new Refusal('not_found', `There is no token ${id}.`);
    if (found === null) throw notFound();
    const seen = await createSight(redis, requireCaller(call)).among([found.sessionId]);
    if (!seen.has(found.sessionId)) throw notFound();
    audit?.note({ sessionId: found.sessionId });
    let changed = false;
    const { token } = await change(redis, { sessionId: found.sessionId, tokenId: id }, (view) => {
      const decision = decideKillOf(view, new Date());
      changed = decision !== null;
      return decision && { ...decision, ...(audit && { effects: [audit.effect()] }) };
    });
    if (changed) audit?.written();
    if (token === null) throw notFound();
    return { status: 202, json: toToken(token) };
  },
});
