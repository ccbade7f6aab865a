import type { Caller } from '../access/caller.ts';
import { Refusal } from '../errors.ts';

/** Who calls. Throws `unauthorized` where nobody was asked for a key. */
export function requireCaller({ caller }: { caller: Caller | null }): Caller {
  if (caller === null) throw new Refusal('unauthorized', 'An API key is needed.');
  return caller;
}
