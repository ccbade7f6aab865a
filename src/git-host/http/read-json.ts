import { JsonProblem } from '../../json/limits.ts';
import { parseJson } from '../../json/parse.ts';
import type { Call, Host } from '../host.ts';
import { HostError } from './host-error.ts';

/** Of the calls that hold no contents of files: room for a thousand repos with their rights. */
const MAX_BYTES = 256 * 1024;
const LIMITS = { depth: 8, containers: 100, scalars: 5_000, keys: 5_000, keyBytes: 1_024 };

/**
 * The request's body as JSON; an absent body is `undefined`. Throws `too_large`, `bad_value`, what receiving it throws, and the
 * signal's reason as soon as it is aborted.
 */
export async function readJson(host: Pick<Host, 'incoming'>, call: Call): Promise<unknown> {
  await using body = await host.incoming.receive(call, { maxBytes: MAX_BYTES, what: 'the body' });
  if (body.bytes === 0) return undefined;
  try {
    return parseJson(Buffer.concat(await Array.fromAsync(body.read())), LIMITS);
  } catch (error) {
    throw refusalOf(error);
  }
}

/** A `JsonProblem` as what the client hears; whatever else as it is. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof JsonProblem)) return error;
  return new HostError(error.kind === 'invalid' ? 'bad_value' : 'too_large', `the body ${error.message}`);
}
