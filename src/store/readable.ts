import type { z } from 'zod';
import { parseStored } from '../json/parse-stored.ts';
import { describe, Refusal } from '../errors.ts';
import { issueWords } from '../session/record-shape.ts';
import { otherTypeProblem, UnreadableRecord } from './parse-record.ts';
import { OtherType, type Stored } from './stored.ts';

/** A record that cannot be read: which, where in it, and what is wrong there. Nothing that it says is in here. */
export class Unreadable {
  readonly id: string;
  /** Such as `status` or `request.repos[0].id`; `(record)` for all of it. */
  readonly field: string;
  /** To be read after the field: `is missing`. */
  readonly problem: string;

  constructor({ id, field, problem }: Pick<Unreadable, 'id' | 'field' | 'problem'>) {
    this.id = id;
    this.field = field;
    this.problem = problem;
  }
}

/** What the workers look for, and mend (`store/mend-token.ts`, `store/last-resort.ts`). */
const MENDED = new Set(['session', 'token']);

/** What a list of the store is when some of it cannot be read. */
export interface Sorted<T> {
  items: T[];
  unreadable: Unreadable[];
}

export function sortOut<T>(found: readonly (T | Unreadable)[]): Sorted<T> {
  return {
    items: found.filter((one): one is T => !(one instanceof Unreadable)),
    unreadable: found.filter((one) => one instanceof Unreadable),
  };
}

/** A record as it was written, if it has the shape that it must have, whatever else it has too. */
export function readRecord<T>(shape: z.ZodType, id: string, stored: Exclude<Stored, null>): T | Unreadable {
  if (stored instanceof OtherType) {
    return new Unreadable({ id, field: '(record)', problem: otherTypeProblem(stored) });
  }
  let record: unknown;
  try {
    record = parseStored(stored);
  } catch (error) {
    return new Unreadable({ id, field: '(record)', problem: describe(error) });
  }
  const [issue] = shape.safeParse(record).error?.issues ?? [];
  if (issue === undefined) return record as T;
  return new Unreadable({ id, field: fieldOf(issue.path), problem: issueWords(issue) });
}

/** Throws `record_unreadable`, naming the record and the field, for one that cannot be read. */
export function requireReadable<T>(what: string, record: T | Unreadable): T {
  if (record instanceof Unreadable) throw refusalOf(what, record);
  return record;
}

/** What `read` gives, or that it throws `UnreadableRecord`. */
export function readable<T>(read: () => T): T | Unreadable {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableRecord) return new Unreadable(error);
    throw error;
  }
}

/** What work gives, or that the record that it is about cannot be read. */
export async function orUnreadable<T>(work: Promise<T>): Promise<T | Unreadable> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UnreadableRecord) return new Unreadable(error);
    throw error;
  }
}

/** What a call is told that is about a record which cannot be read. */
export function refusalOf(what: string, { id, field, problem }: Pick<Unreadable, 'id' | 'field' | 'problem'>): Refusal {
  return new Refusal(
    'record_unreadable',
    `The record of ${what} ${id} cannot be read: its field ${field} ${problem}. Others are not affected. ${remedyOf(what)}`,
    { fields: [{ path: field, message: problem }] },
  );
}

function remedyOf(what: string): string {
  return MENDED.has(what)
    ? 'Daypass mends it by itself: within seconds while it is live, else within an hour.'
    : 'An operator can mend it in Redis, or delete it there.';
}

function fieldOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || '(record)';
}
