import { readReceiptKeys } from '../../store/receipts.ts';
import { receiptKeySetSchema } from '../../token/receipt/receipt-key.ts';
import { defineOperation } from '../operation.ts';
import { jsonAnswer } from './answers.ts';

export const getReceiptKeys = defineOperation({
  method: 'get',
  path: '/.well-known/daypass-receipt-keys.json',
  scope: null,
  summary: 'The public keys that receipts are verified with',
  description:
    'A JWK set (RFC 7517) of Ed25519 keys (RFC 8037), one for each minter there ever was. Keep a copy: it verifies ' +
    'receipts without this service.',
  responses: jsonAnswer(200, 'The keys.', receiptKeySetSchema),
  handle: async (_call, { redis }) => ({ status: 200, json: { keys: await readReceiptKeys(redis) } }),
});
