import { z } from 'zod';

/** An answer as who reads it must take it: where this version knows some words, another may say any. */
export type Reading<T> = T extends string
  ? string
  : T extends readonly (infer Item)[]
    ? Reading<Item>[]
    : T extends object
      ? { [Name in keyof T]: Reading<T[Name]> }
      : T;

const opened = new WeakMap<z.core.$ZodType, z.ZodType>();

/**
 * The schema of an answer, for reading it: a newer server may send fields that it has not, which are kept, and values
 * that its enums have not. What is there must have its type all the same. Requests are checked by the schema itself.
 */
export function forReading<Schema extends z.ZodType>(schema: Schema): z.ZodType<Reading<z.output<Schema>>> {
  return open(schema) as z.ZodType<Reading<z.output<Schema>>>;
}

function open(schema: z.core.$ZodType): z.ZodType {
  const known = opened.get(schema);
  if (known !== undefined) return known;
  const made = openAnew(schema);
  opened.set(schema, made);
  return made;
}

function openAnew(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape as z.core.$ZodShape).map(
      ([name, field]) => [name, open(field)] as const,
    );
    return z.looseObject(Object.fromEntries(fields));
  }
  if (schema instanceof z.ZodArray) return z.array(open(schema.element));
  if (schema instanceof z.ZodRecord) return z.record(z.string(), open(schema.valueType));
  if (schema instanceof z.ZodNullable) return open(schema.unwrap()).nullable();
  if (schema instanceof z.ZodOptional) return open(schema.unwrap()).optional();
  if (schema instanceof z.ZodEnum) return z.string();
  if (schema instanceof z.ZodLiteral && [...schema.values].every((value) => typeof value === 'string'))
    return z.string();
  return schema as z.ZodType;
}
