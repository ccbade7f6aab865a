import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import { decideExtend } from '../../session/extend.ts';
import { changeSession } from '../change-session.ts';
import { present } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { sessionSchema } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

const body = z
  .strictObject({ timeoutSeconds: z.int().min(1).meta({ description: 'From now.' }) })
  .meta({ id: 'ExtendSession' });

export const extendSession = defineOperation({
  method: 'post',
  path: '/v1/sessions/{id}/extend',
  summary: 'Gives a session more time, or less',
  description:
    'Before it has a deadline, what it will get once it has started. Never past the end of its token, unless the gateway has that and renews it.',
  body,
  responses: jsonAnswer(200, 'The session with its new deadline.', sessionSchema),
  handle: async ({ id, body: { timeoutSeconds } }, { redis, limits }) => {
    if (timeoutSeconds > limits.maxTimeoutSeconds) {
      const message = `must be at most ${limits.maxTimeoutSeconds}, the operator's limit`;
      throw new Refusal('invalid_request', 'So much time is not allowed here.', {
        fields: [{ path: 'timeoutSeconds', message }],
      });
    }
    const { session } = await changeSession(redis, id, (facts) => decideExtend(facts, timeoutSeconds, new Date()));
    return { status: 200, json: await present(redis, session) };
  },
});
