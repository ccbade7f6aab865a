import type { Unreadable } from '../store/readable.ts';
import type { Answer } from './answer.ts';

interface List {
  data: unknown[];
  nextCursor: string | null;
  unreadable: readonly Unreadable[];
}

/** A page of a list: what can be read of it, and what cannot. */
export function listAnswer({ data, nextCursor, unreadable }: List): Answer {
  return { status: 200, json: { data, nextCursor, ...(unreadable.length > 0 && { unreadable }) } };
}
