import { z } from 'zod';
import { decideStop } from '../../session/stop.ts';
import { changeSession } from '../change-session.ts';
import { present } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { sessionSchema } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

const body = z
  .strictObject({
    graceSeconds: z.int().min(0).max(3_600).default(10),
    revoke: z.enum(['after', 'now']).default('after').meta({ description: 'now: the token is deleted first.' }),
  })
  .meta({ id: 'StopSession' });

export const stopSession = defineOperation({
  method: 'post',
  path: '/v1/sessions/{id}/stop',
  scope: 'start',
  audit: 'session.stop',
  summary: 'Stops a session',
  description:
    'SIGTERM, after the grace SIGKILL, then the token. Stopping again is fine and can only hasten the end; so is ' +
    'stopping what has ended. The same happens by itself at the deadline, with 10 s of grace, and a stop can only ' +
    'shorten those.',
  body,
  responses: jsonAnswer(202, 'It is being stopped, or is over.', sessionSchema),
  handle: async (call, { redis }) => {
    call.audit?.note({ detail: call.body });
    const { session } = await changeSession(redis, call, (facts) => decideStop(facts, call.body, new Date()));
    return { status: 202, json: await present(redis, session) };
  },
});
