import { parseStored } from '../json/parse-stored.ts';
import { describe } from '../errors.ts';
import type { SessionRecord } from '../session/record.ts';
import { sessionProblem } from '../session/record-shape.ts';
import type { TokenRecord } from '../token/record.ts';
import { tokenProblem } from '../token/record-shape.ts';
import { OtherType, type Stored } from './stored.ts';

/** What is stored under a record's key is no such record. The message names the record and the field. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';

  readonly noun: string;
  readonly id: string;
  /** Such as `request.repos`; `(record)` for all of it. */
  readonly field: string;
  /** What is wrong with the field. */
  readonly problem: string;

  constructor(noun: string, id: string, problem: string) {
    super(`The record of ${noun} ${id} cannot be read: ${problem}`);
    const [field = '', what] = problem.split(/: (.*)/s);
    this.noun = noun;
    this.id = id;
    this.field = what === undefined || field === 'the record' ? '(record)' : field;
    this.problem = what ?? problem;
  }
}

/** null where there is none. Throws `UnreadableRecord`. */
export function parseSession(id: string, stored: Stored): SessionRecord | null {
  return parse<SessionRecord>('session', id, stored, sessionProblem);
}

/** null where there is none. Throws `UnreadableRecord`. */
export function parseToken(id: string, stored: Stored): TokenRecord | null {
  return parse<TokenRecord>('token', id, stored, tokenProblem);
}

/** Of a token that an index lists or a session names: a line that is gone cannot be read either. Throws `UnreadableRecord`. */
export function parseNamedToken(id: string, stored: Stored): TokenRecord {
  const token = parseToken(id, stored);
  if (token === null) throw new UnreadableRecord('token', id, 'the record: is gone');
  return token;
}

/** What is wrong with what is no text. */
export function otherTypeProblem({ type }: OtherType): string {
  return `is not a text but a ${type}`;
}

/** Why a record cannot be read; null where it can. */
export function readProblem(read: () => unknown): UnreadableRecord | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof UnreadableRecord) return error;
    throw error;
  }
}

/** What `read` gives; null where it throws `UnreadableRecord`. */
export function ifReadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableRecord) return null;
    throw error;
  }
}

/** As it was written, field by field: what is compared with the store later is the very text. */
function parse<T>(noun: string, id: string, stored: Stored, problemOf: (read: unknown) => string | null): T | null {
  if (stored === null) return null;
  if (stored instanceof OtherType) throw new UnreadableRecord(noun, id, `the record: ${otherTypeProblem(stored)}`);
  let read: unknown;
  try {
    read = parseStored(stored);
  } catch (error) {
    throw new UnreadableRecord(noun, id, `the record: ${describe(error)}`);
  }
  const problem = problemOf(read);
  if (problem !== null) throw new UnreadableRecord(noun, id, problem);
  return read as T;
}
