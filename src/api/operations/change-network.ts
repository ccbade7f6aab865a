import { z } from 'zod';
import { decideNetwork } from '../../session/change-network.ts';
import { networkRules } from '../../session/request-fields.ts';
import { changeSession } from '../change-session.ts';
import { present } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { sessionSchema } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

export const changeNetwork = defineOperation({
  method: 'patch',
  path: '/v1/sessions/{id}/network',
  scope: 'start',
  audit: 'session.network',
  summary: 'Changes what a session may reach',
  description:
    'The new list takes the place of the old one, for new connections and for open ones: those that it does not allow are cut within 2 s. Before the session runs, what it will get. Where its host is away, it holds as soon as that is back.',
  body: z.strictObject({ allow: networkRules }).meta({ id: 'ChangeNetwork' }),
  responses: jsonAnswer(200, 'The session.', sessionSchema),
  handle: async (call, { redis }) => {
    const { allow } = call.body;
    call.audit?.note({ detail: { count: allow.length } });
    const { session } = await changeSession(redis, call, (facts) => decideNetwork(facts, allow));
    return { status: 200, json: await present(redis, session) };
  },
});
