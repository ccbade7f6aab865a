import { loadFacts, present } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { sessionSchema } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

export const getSession = defineOperation({
  method: 'get',
  path: '/v1/sessions/{id}',
  summary: 'One session',
  responses: jsonAnswer(200, 'The session.', sessionSchema),
  handle: async ({ id }, { redis }) => {
    const { session } = await loadFacts(redis, id);
    return { status: 200, json: await present(redis, session) };
  },
});
