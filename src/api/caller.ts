import { Refusal } from '../errors.ts';
import type { ApiKey } from './deps.ts';

/** Who calls. Throws `unauthorized` where nobody was asked for a key. */
export function requireCaller({ caller }: { caller: ApiKey | null }): ApiKey {
  if (caller === null) throw new Refusal('unauthorized', 'An API key is needed.');
  return caller;
}
