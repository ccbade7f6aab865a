import { z } from 'zod';
import { unreadableSchema } from '../../api/schemas/common.ts';
import { forReading, type Reading } from '../../api/schemas/reading.ts';
import { visible } from '../terminal/visible.ts';
import type { Api } from './connect.ts';

const PAGE_SIZE = 200;
/** So many records that cannot be read are named; the rest are counted. */
const NAMED = 5;

/** Each item is looked at by itself, so that one that is no such thing does not keep the others from being shown. */
const anyPage = z.object({
  data: z.array(z.unknown()),
  nextCursor: z.string().nullable(),
  unreadable: z.array(unreadableSchema).default([]),
});

export type Unreadable = z.output<typeof unreadableSchema>;

export interface Listed<Item> {
  items: Item[];
  /** What the API, or this program, cannot read of the list. */
  unreadable: Unreadable[];
}

/** Everything of a list of the API, page by page, or its first `atMost` items. */
export async function everyPage<Item extends z.ZodType>(
  api: Pick<Api, 'call'>,
  path: string,
  item: Item,
  { query = {}, atMost = Infinity }: { query?: Record<string, string | undefined>; atMost?: number } = {},
): Promise<Listed<Reading<z.output<Item>>>> {
  const items: Reading<z.output<Item>>[] = [];
  const unreadable: Unreadable[] = [];
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  let cursor: string | null = null;
  do {
    const limit = Math.min(PAGE_SIZE, atMost - items.length);
    const asked = new URLSearchParams([...given, ['limit', `${limit}`]]);
    if (cursor !== null) asked.set('cursor', cursor);
    const page: z.output<typeof anyPage> = await api.call('GET', `${path}?${asked.toString()}`, anyPage);
    unreadable.push(...page.unreadable);
    for (const one of page.data) {
      const read = forReading(item).safeParse(one);
      if (read.success) items.push(read.data);
      else unreadable.push(unreadableBy(one, read.error));
    }
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < atMost);
  return { items, unreadable };
}

/** What is wrong with an item that is no such thing, by its first fault. */
function unreadableBy(item: unknown, { issues: [issue] }: z.ZodError): Unreadable {
  const names = z.looseObject({ id: z.string().optional(), name: z.string().optional() }).safeParse(item).data;
  return {
    id: names?.id ?? names?.name ?? 'one without an id',
    field: issue?.path.map(String).join('.') || '(record)',
    problem: 'is not what this version of daypass understands',
  };
}

/** A line that says what is missing in a list; null when nothing is. */
export function unreadableLine(unreadable: readonly Unreadable[]): string | null {
  if (unreadable.length === 0) return null;
  const named = unreadable.slice(0, NAMED).map(({ id, field, problem }) => `${id} (${field} ${problem})`);
  const more = unreadable.length > NAMED ? [`and ${unreadable.length - NAMED} more`] : [];
  const records = unreadable.length === 1 ? '1 record' : `${unreadable.length} records`;
  return visible(`Left out, as it cannot be read: ${records}: ${[...named, ...more].join(', ')}`);
}
