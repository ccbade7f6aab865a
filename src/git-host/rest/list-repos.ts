import { z } from 'zod';
import type { AccountOperation } from '../host.ts';
import { check } from '../http/check.ts';
import { sendJson } from '../http/send-json.ts';
import { repoToWire } from './schemas.ts';

const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);
const time = z.string().transform((text, context) => {
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) context.addIssue('must be an ISO 8601 time');
  return timeMs;
});
const pairs = z.string().transform((text, context): Record<string, string> => {
  const read = z.record(z.string(), z.string()).safeParse(parseJson(text));
  if (read.success) return read.data;
  context.addIssue('must be a JSON object whose values are strings');
  return {};
});

/** Strict: a filter that is not known would otherwise answer with repos that were not asked for. */
const schema = z.strictObject({
  page_start: wholeNumber.prefault('0'),
  page_size: wholeNumber.refine((size) => size >= 1 && size <= 100, 'must be 1 to 100').prefault('100'),
  order_by: z.enum(['created_at', 'updated_at']).default('created_at'),
  order_descending: z.enum(['true', 'false'], 'must be true or false').default('false'),
  filter_metadata: pairs.prefault('{}'),
  created_after: time.optional(),
  created_before: time.optional(),
});

/** GET /repo. `page_start` is the number of repos to skip, and `next_page` the value of it for the next page. */
export const listRepos: AccountOperation = async (host, { res, query }) => {
  // The SDK sends an empty value for null, which means that it was not given.
  const wanted = check(schema, Object.fromEntries([...query].filter(([, value]) => value !== '')));
  const { repos, total } = host.repos.list({
    offset: wanted.page_start,
    limit: wanted.page_size,
    orderBy: wanted.order_by,
    descending: wanted.order_descending === 'true',
    metadata: wanted.filter_metadata,
    createdAfterMs: wanted.created_after ?? null,
    createdBeforeMs: wanted.created_before ?? null,
  });
  const next = wanted.page_start + repos.length;
  sendJson(res, 200, {
    items: repos.map(repoToWire),
    total_items: total,
    next_page: repos.length > 0 && next < total ? next : null,
  });
};

/** `undefined` where the text is no JSON, which no schema takes for a value. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
