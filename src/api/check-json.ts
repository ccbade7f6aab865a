import { Refusal } from '../errors.ts';
import { JsonProblem, type JsonLimits } from '../json/limits.ts';
import { parseJson } from '../json/parse.ts';

/** No body of ours is nested deeper than this by far, nor has more fields and items in all. */
const MAX_PARTS = 20_000;
const LIMITS: JsonLimits = {
  depth: 32,
  containers: MAX_PARTS,
  scalars: MAX_PARTS,
  keys: MAX_PARTS,
  keyBytes: 4 * 1024,
};

/**
 * The value of a body that is held to limits before anything is made of it. Throws `invalid_json`, and `invalid_request` where it is
 * nested too deeply, has too many parts, or a field `__proto__`, which means something else to half of the world. Of fields of one
 * name the last counts, here and for everybody behind, as there is one parser.
 */
export function parseBody(bytes: Buffer): unknown {
  const body = parseWithin(bytes);
  requireNoProto(body);
  return body;
}

function parseWithin(bytes: Buffer): unknown {
  try {
    return parseJson(bytes, LIMITS);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    if (error.kind === 'too_much') throw refusal(error.message);
    throw new Refusal('invalid_json', `The body ${error.message}.`);
  }
}

function requireNoProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Object.hasOwn(value, '__proto__')) throw refusal('must not have a field __proto__');
  for (const part of Object.values(value)) requireNoProto(part);
}

function refusal(message: string): Refusal {
  return new Refusal('invalid_request', 'The body cannot be accepted.', { fields: [{ path: '(body)', message }] });
}
