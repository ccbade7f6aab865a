import type { z } from 'zod';
import { listOf } from '../../api/schemas/common.ts';
import type { Api } from './connect.ts';

const PAGE_SIZE = 200;

/** Everything of a list of the API, page by page, or its first `atMost` items. */
export async function everyPage<Item extends z.ZodType>(
  api: Api,
  path: string,
  item: Item,
  { query = {}, atMost = Infinity }: { query?: Record<string, string | undefined>; atMost?: number } = {},
): Promise<z.output<Item>[]> {
  const found: z.output<Item>[] = [];
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  let cursor: string | null = null;
  do {
    const limit = Math.min(PAGE_SIZE, atMost - found.length);
    const asked = new URLSearchParams([...given, ['limit', `${limit}`]]);
    if (cursor !== null) asked.set('cursor', cursor);
    const page: { data: z.output<Item>[]; nextCursor: string | null } = await api.call(
      'GET',
      `${path}?${asked.toString()}`,
      listOf(item),
    );
    found.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null && found.length < atMost);
  return found;
}
