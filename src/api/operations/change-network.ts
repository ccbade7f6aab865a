import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import { networkRules } from '../../session/request-fields.ts';
import { loadFacts } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { sessionSchema } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

export const changeNetwork = defineOperation({
  method: 'patch',
  path: '/v1/sessions/{id}/network',
  scope: 'start',
  audit: 'session.network',
  summary: 'Changes what a running session may reach',
  description: 'Not built yet: a request that is right is answered 501.',
  body: z.strictObject({ allow: networkRules }).meta({ id: 'ChangeNetwork' }),
  responses: jsonAnswer(200, 'The session.', sessionSchema),
  handle: async (call, { redis }) => {
    await loadFacts(redis, call);
    throw new Refusal(
      'not_implemented',
      'The network of a running session cannot be changed yet. Nothing was changed.',
    );
  },
});
