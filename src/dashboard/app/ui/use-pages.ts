import { useComputed, useSignal, type ReadonlySignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { messageOf } from '../client/problem.ts';
import { pageOf, type Shape } from '../client/page-of.ts';
import type { Page, Unreadable } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useWhile } from '../live/use-while.ts';

/** A list of the API, page by page. */
export interface Pages<T> {
  /** null before the first page has come. */
  readonly items: ReadonlySignal<T[] | null>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly failure: ReadonlySignal<string | null>;
  /** What is left out of the items. */
  readonly unreadable: ReadonlySignal<Unreadable[]>;
  more: () => void;
  /** Reads again as many pages as are shown, and shows them instead. */
  reload: () => void;
}

/** `path` with its query, if any; `shape` is what each item must have. */
export function usePages<T>(path: string, shape: Shape): Pages<T> {
  const { client } = useDeps();
  const items = useSignal<T[] | null>(null);
  const cursor = useSignal<string | null>(null);
  const failure = useSignal<string | null>(null);
  const unreadable = useSignal<Unreadable[]>([]);
  const hasMore = useComputed(() => cursor.value !== null);
  // The newest reading is the one that counts.
  const reading = useRef(0);

  // What was asked for stays, however often the list is read again.
  const wanted = useRef(1);

  const pageAt = async (from: string | null) => {
    const at = from === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(from)}`;
    return pageOf(await client.get<Page<T>>(`${path}${at}`), shape);
  };
  const read = async () => {
    const mine = ++reading.current;
    try {
      let { data, nextCursor, unreadable: missing } = await pageAt(null);
      for (let pages = 1; pages < wanted.current && nextCursor !== null; pages++) {
        const page = await pageAt(nextCursor);
        data = [...data, ...page.data];
        missing = [...missing, ...page.unreadable];
        nextCursor = page.nextCursor;
      }
      if (mine !== reading.current) return;
      items.value = data;
      unreadable.value = missing;
      cursor.value = nextCursor;
      failure.value = null;
    } catch (error) {
      if (mine === reading.current) failure.value = messageOf(error);
    }
  };
  useWhile(
    (signal) => {
      items.value = null;
      wanted.current = 1;
      void read();
      signal.addEventListener('abort', () => void reading.current++);
    },
    [path],
  );
  return {
    items,
    hasMore,
    failure,
    unreadable,
    more: () => {
      wanted.current++;
      void read();
    },
    reload: () => void read(),
  };
}
