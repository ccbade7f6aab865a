import type { SessionRecord } from '../session/record.ts';
import { sessionProblem } from '../session/record-shape.ts';
import type { TokenRecord } from '../token/record.ts';
import { tokenProblem } from '../token/record-shape.ts';

/** What is stored under a record's key is no such record. The message names the record and the field. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';

  constructor(noun: string, id: string, problem: string) {
    super(`The record of ${noun} ${id} cannot be read: ${problem}`);
  }
}

/** null where there is none. Throws `UnreadableRecord`. */
export function parseSession(id: string, text: string | null): SessionRecord | null {
  return parse<SessionRecord>('session', id, text, sessionProblem);
}

/** null where there is none. Throws `UnreadableRecord`. */
export function parseToken(id: string, text: string | null): TokenRecord | null {
  return parse<TokenRecord>('token', id, text, tokenProblem);
}

/** What `parse` gives, and null where it cannot. */
export function ifReadable<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UnreadableRecord) return null;
    throw error;
  }
}

/** As it was written, field by field: what is compared with the store later is the very text. */
function parse<T>(
  noun: string,
  id: string,
  text: string | null,
  problemOf: (read: unknown) => string | null,
): T | null {
  if (text === null) return null;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new UnreadableRecord(noun, id, 'it is no JSON');
  }
  const problem = problemOf(read);
  if (problem !== null) throw new UnreadableRecord(noun, id, problem);
  return read as T;
}
