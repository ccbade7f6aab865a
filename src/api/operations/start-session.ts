import { z } from 'zod';
import { startRequest, type StartRequest } from '../../session/request.ts';
import { isStoreAway } from '../../store/redis.ts';
import { acceptSession } from '../accept-session.ts';
import { bodyHash } from '../auth.ts';
import { requireCaller } from '../caller.ts';
import { present } from '../load.ts';
import { Refusal } from '../../errors.ts';
import { MAX_BODY_BYTES } from '../read-body.ts';
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

/** A standard input of 1 MiB, in base64 or with what JSON escapes, and the rest. */
const MAX_START_BYTES = 3 * MAX_BODY_BYTES;

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
  maxBodyBytes: MAX_START_BYTES,
  body: startRequest,
  responses: jsonAnswer(
    201,
    'Accepted: from here on it is either run or ends with a reason. See Location.',
    sessionSchema,
  ),
  handle: async (call, deps) => {
    requireSmallRest(call.body);
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

/** The rest is stored in the record, which is read often. */
function requireSmallRest(body: StartRequest): void {
  if (Buffer.byteLength(JSON.stringify({ ...body, stdin: undefined })) <= MAX_BODY_BYTES) return;
  throw new Refusal('body_too_large', `Beside stdin the body may have at most ${MAX_BODY_BYTES} bytes.`);
}
