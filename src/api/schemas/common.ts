import { z } from 'zod';

export const time = z.iso.datetime().meta({ description: 'ISO 8601 UTC.' });

export const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** A whole number in a query. */
export function wholeNumber(minimum: number, maximum: number) {
  return z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum, {
      error: `must be a whole number from ${minimum} to ${maximum}`,
    })
    .transform(Number)
    .meta({ override: { type: 'integer', minimum, maximum } });
}

export const limit = wholeNumber(1, MAX_PAGE)
  .default(DEFAULT_PAGE)
  .meta({ description: `Items of a page; ${DEFAULT_PAGE} when left out.` });

/** As an earlier page's `nextCursor`: the last index entry given, which is a time and an id. */
export const cursor = z
  .string()
  .max(256)
  .refine((text) => /^\d{4}-[\d:.TZ-]+ \w[\w-]*$/.test(Buffer.from(text, 'base64url').toString()), {
    error: "must be the nextCursor of an earlier page's answer",
  })
  .meta({ description: 'The nextCursor of the page before.' });

export const eventId = z
  .string()
  .regex(/^\d{1,15}(-\d{1,15})?$/, 'must be the id of an event')
  .meta({ description: 'Events after this one.' });

export const unreadableSchema = z
  .object({
    id: z.string(),
    field: z.string().meta({ example: 'status' }),
    problem: z.string().meta({ example: 'is missing' }),
  })
  .meta({ id: 'Unreadable', description: 'A record that cannot be read, and what is wrong with which field of it.' });

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'Where the next page begins; null at the end.' }),
    unreadable: z
      .array(unreadableSchema)
      .optional()
      .meta({ description: 'Records that belong here and cannot be read; left out where there are none.' }),
  });
}
