import { Refusal } from '../errors.ts';

/** No body of ours is nested deeper than this by far, nor has more fields and items in all. */
const MAX_DEPTH = 32;
const MAX_PARTS = 20_000;

/**
 * Looks at what a body was parsed to before anything walks through it by recursion. Throws `invalid_request` where it is
 * nested too deeply, has too many parts, or a field `__proto__`, which means something else to half of the world. Of
 * fields of one name the last counts, here and for everybody behind, as there is one parser.
 */
export function requireModestJson(body: unknown): void {
  let level: unknown[] = [body];
  let parts = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw refusal(`must not be nested more than ${MAX_DEPTH} levels deep`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      if (Object.hasOwn(value, '__proto__')) throw refusal('must not have a field __proto__');
      for (const part of Object.values(value)) next.push(part);
      if (parts + next.length > MAX_PARTS) throw refusal(`must not have more than ${MAX_PARTS} fields and items`);
    }
    parts += next.length;
    level = next;
  }
}

function refusal(message: string): Refusal {
  return new Refusal('invalid_request', 'The body cannot be accepted.', { fields: [{ path: '(body)', message }] });
}
