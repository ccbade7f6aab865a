import type { IncomingMessage } from 'node:http';
import { HostError } from './host-error.ts';
import { jsonProblem } from './json-bounds.ts';
import { limitedBody } from './limited-body.ts';

/** Room for one file of the largest size with its JSON escapes; a larger tree comes by git push, which streams. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * The request's body as JSON; an absent body is `undefined`. Throws `too_large`, `bad_value`, and the signal's reason as
 * soon as it is aborted.
 */
export async function readJson(req: IncomingMessage, signal: AbortSignal): Promise<unknown> {
  const body = Buffer.concat(
    await Array.fromAsync(limitedBody(req, { maxBytes: MAX_JSON_BYTES, what: 'the body', signal })),
  );
  if (body.length === 0) return undefined;
  const problem = jsonProblem(body);
  if (problem !== null) throw new HostError('too_large', problem);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new HostError('bad_value', 'the body is not valid JSON', { cause: error });
  }
}
