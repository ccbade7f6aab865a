import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import { Refusal, type FieldError } from '../errors.ts';

/** Nobody reads more of them. */
const MAX_FIELDS = 100;

/** Throws `invalid_request` with the fields that are wrong, a hundred at most. Paths look like `repos[0].ref`. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const read = schema.safeParse(input, { error: plainMessage });
  if (read.success) return read.data;
  throw new Refusal('invalid_request', 'The request has fields that cannot be accepted.', {
    fields: fieldsOf(read.error.issues),
  });
}

/** More than any call takes. */
const MAX_PARAMETERS = 64;

/** A parameter given twice would be two answers to one question. Throws `invalid_request`. */
export function queryValues(query: URLSearchParams): Record<string, string> {
  if (query.size > MAX_PARAMETERS) {
    throw badParameters([{ path: '(query)', message: `must have at most ${MAX_PARAMETERS} parameters` }]);
  }
  // No schema would see it: to them it is no field.
  if (query.has('__proto__')) throw badParameters([{ path: '__proto__', message: 'is not a known parameter' }]);
  const twice = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  if (twice.length === 0) return Object.fromEntries(query);
  throw badParameters(twice.map((name) => ({ path: name, message: 'is given more than once' })));
}

function badParameters(fields: FieldError[]): Refusal {
  return new Refusal('invalid_request', 'The request has parameters that cannot be accepted.', { fields });
}

export function headerValues(headers: IncomingHttpHeaders, names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, headers[name.toLowerCase()]]));
}

function fieldsOf(issues: z.core.$ZodIssue[]): FieldError[] {
  const fields: FieldError[] = [];
  for (const issue of issues) {
    fields.push(...toFields(issue).slice(0, MAX_FIELDS - fields.length));
    if (fields.length === MAX_FIELDS) break;
  }
  return fields;
}

function toFields(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, MAX_FIELDS)
      .map((key) => ({ path: pathText([...issue.path, key]), message: 'is not a known field' }));
  }
  return [{ path: pathText(issue.path), message: issue.message }];
}

function pathText(path: PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || '(body)';
}

/** Words for a person; undefined leaves zod's own. */
function plainMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is required' : `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
  if (issue.code === 'too_small') return `must ${sizeText(issue.origin, `at least ${issue.minimum}`)}`;
  if (issue.code === 'too_big') return `must ${sizeText(issue.origin, `at most ${issue.maximum}`)}`;
  return undefined;
}

const TYPE_NAMES: Record<string, string> = {
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function sizeText(origin: string, bound: string): string {
  if (origin === 'string') return `have ${bound} characters`;
  return origin === 'array' ? `have ${bound} items` : `be ${bound}`;
}
