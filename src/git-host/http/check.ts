import type { z } from 'zod';
import { HostError } from './host-error.ts';
import { houseWords } from './house-words.ts';

/** A client's own keys, as metadata has them, are shown this far. */
const MAX_KEY_CHARACTERS = 100;

/**
 * Parses what a client sent. Throws `missing_field` (422) when a needed field is absent, else `bad_value` (400). `within` is where
 * the input stands in the request, such as `source.files.0`.
 */
export function check<Schema extends z.ZodType>(schema: Schema, input: unknown, within = ''): z.output<Schema> {
  const read = schema.safeParse(input, { error: houseWords });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const path = issue?.path ?? [];
  const keys = path.map((key) => String(key).slice(0, MAX_KEY_CHARACTERS));
  const name = [...(within === '' ? [] : [within]), ...keys].join('.') || 'the request';
  if (at(input, path) === undefined) throw new HostError('missing_field', `${name} is missing`);
  throw new HostError('bad_value', `${name}: ${issue?.message ?? 'is not valid'}`);
}

function at(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}
