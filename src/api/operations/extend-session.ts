import { z } from 'zod';
import { narrow } from '../../access/key-limits.ts';
import { Refusal } from '../../errors.ts';
import { decideExtend } from '../../session/extend.ts';
import { requireCaller } from '../caller.ts';
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
  scope: 'start',
  audit: 'session.extend',
  summary: 'Gives a session more time, or less',
  description:
    'Before it has a deadline, what it will get once it has started. Its token must last until 10 s after the new deadline ' +
    '(`beyond_token_lifetime`), unless the gateway has that and renews it. Once it is being stopped or its deadline is ' +
    'reached, nothing extends it any more: `session_ended`.',
  body,
  responses: jsonAnswer(200, 'The session with its new deadline.', sessionSchema),
  handle: async (call, deps) => {
    const { timeoutSeconds } = call.body;
    call.audit?.note({ detail: { timeoutSeconds } });
    const limits = narrow(deps.limits, requireCaller(call).limits);
    if (timeoutSeconds > limits.maxTimeoutSeconds) {
      const message = `must be at most ${limits.maxTimeoutSeconds}, the most that this API key may ask for`;
      throw new Refusal('invalid_request', 'So much time is not allowed here.', {
        fields: [{ path: 'timeoutSeconds', message }],
      });
    }
    const { session } = await changeSession(deps.redis, call, (facts) =>
      decideExtend(facts, timeoutSeconds, new Date()),
    );
    return { status: 200, json: await present(deps.redis, session) };
  },
});
