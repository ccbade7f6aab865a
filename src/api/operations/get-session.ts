import { loadFacts, present } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { sessionSchema } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

export const getSession = defineOperation({
  method: 'get',
  path: '/v1/sessions/{id}',
  scope: 'read',
  summary: 'One session',
  responses: jsonAnswer(200, 'The session.', sessionSchema),
  handle: async (call, { redis }) => {
    const { session } = await loadFacts(redis, call);
    return { status: 200, json: await present(redis, session) };
  },
});
