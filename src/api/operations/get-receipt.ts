import { receiptOf } from '../../session/receipt.ts';
import { readFormerTokens } from '../../store/former-tokens.ts';
import { readReceipt } from '../../store/receipts.ts';
import { loadFacts } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { receiptSchema } from '../schemas/receipt.ts';
import { jsonAnswer } from './answers.ts';

export const getReceipt = defineOperation({
  method: 'get',
  path: '/v1/sessions/{id}/receipt',
  scope: 'read',
  summary: "What became of a session's credential",
  description:
    'There from the beginning; what has not happened is null. Once it is final the minter signs it: by its key, which ' +
    'this API does not have, and with what it has seen itself.',
  responses: jsonAnswer(200, 'The receipt.', receiptSchema),
  handle: async (call, { redis }) => {
    const facts = await loadFacts(redis, call);
    const formerTokens = await readFormerTokens(redis, facts.session);
    const receipt = receiptOf({ ...facts, formerTokens });
    const signed = receipt.final ? await readReceipt(redis, call.id) : null;
    return { status: 200, json: signed ?? { ...receipt, signature: null } };
  },
});
