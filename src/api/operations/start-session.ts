import { z } from 'zod';
import { startRequest } from '../../session/request.ts';
import { isStoreAway } from '../../store/redis.ts';
import { acceptSession } from '../accept-session.ts';
import { bodyHash } from '../auth.ts';
import { requireCaller } from '../caller.ts';
import { present } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { sessionSchema, toSession } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
  .optional()
  .meta({
    description:
      'The same key and body answers the same session for 24 hours, however often it is sent; another body is refused.',
  });

export const startSession = defineOperation({
  method: 'post',
  path: '/v1/sessions',
  scope: 'start',
  audit: 'session.start',
  summary: 'Starts a session',
  description:
    'A repo that the provider does not know or grant is found out later: the session then becomes failed with ' +
    'repo_not_found or repo_refused.',
  headers: z.object({ 'Idempotency-Key': idempotencyKey }),
  body: startRequest,
  responses: jsonAnswer(
    201,
    'Accepted: from here on it is either run or ends with a reason. See Location.',
    sessionSchema,
  ),
  handle: async (call, deps) => {
    const caller = requireCaller(call);
    const key = call.headers['Idempotency-Key'];
    const claim = key === undefined ? null : { keyId: caller.keyId, key, bodyHash: bodyHash(caller, call.body) };
    const session = await acceptSession(deps, { body: call.body, caller, claim, audit: call.audit });
    const json = await present(deps.redis, session).catch((error: unknown) => {
      // It is accepted: a store that goes away just now must not make the caller start another.
      if (isStoreAway(error)) return toSession({ session, token: null }, null);
      throw error;
    });
    return { status: 201, json, headers: { location: `/v1/sessions/${session.id}` } };
  },
});
