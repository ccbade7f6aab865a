import { useComputed, useSignal, type ReadonlySignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { messageOf } from '../client/problem.ts';
import type { Page } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useWhile } from '../live/use-while.ts';

/** A list of the API, page by page. */
export interface Pages<T> {
  /** null before the first page has come. */
  readonly items: ReadonlySignal<T[] | null>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly failure: ReadonlySignal<string | null>;
  more: () => void;
  /** Reads the first page again, and shows it instead of what is shown. */
  reload: () => void;
}

/** `path` with its query, if any. */
export function usePages<T>(path: string): Pages<T> {
  const { client } = useDeps();
  const items = useSignal<T[] | null>(null);
  const cursor = useSignal<string | null>(null);
  const failure = useSignal<string | null>(null);
  const hasMore = useComputed(() => cursor.value !== null);
  // The newest reading is the one that counts.
  const reading = useRef(0);

  const read = async (from: string | null) => {
    const mine = ++reading.current;
    const at = from === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(from)}`;
    try {
      const page = await client.get<Page<T>>(`${path}${at}`);
      if (mine !== reading.current) return;
      items.value = from === null ? page.data : [...(items.peek() ?? []), ...page.data];
      cursor.value = page.nextCursor;
      failure.value = null;
    } catch (error) {
      if (mine === reading.current) failure.value = messageOf(error);
    }
  };
  useWhile(
    (signal) => {
      items.value = null;
      void read(null);
      signal.addEventListener('abort', () => void reading.current++);
    },
    [path],
  );
  return {
    items,
    hasMore,
    failure,
    more: () => void read(cursor.peek()),
    reload: () => void read(null),
  };
}
