import { receiptOf } from '../../session/receipt.ts';
import { loadFacts } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { receiptSchema } from '../schemas/receipt.ts';
import { jsonAnswer } from './answers.ts';

export const getReceipt = defineOperation({
  method: 'get',
  path: '/v1/sessions/{id}/receipt',
  summary: "What became of a session's credential",
  description: 'There from the beginning; what has not happened is null.',
  responses: jsonAnswer(200, 'The receipt.', receiptSchema),
  handle: async ({ id }, { redis }) => ({ status: 200, json: receiptOf(await loadFacts(redis, id)) }),
});
