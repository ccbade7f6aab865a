import { Refusal, SessionError } from '../errors.ts';
import { isStoreAway } from '../store/redis.ts';

/** Calls that were given up, by a signal or by the clock. */
const GIVEN_UP = new Set(['AbortError', 'TimeoutError']);
/** What the operating system says: `ENOSPC`, `ECONNRESET`. Node's own codes begin with `ERR_`. */
const SYSTEM_CODE = /^E(?!RR_)[A-Z0-9]+$/;

/**
 * Whether an error is a fault of this program and not a failure of something outside that it knows: a `TypeError`, a record
 * of ours that is not as it must be, a state that there is none of, what the minter says of itself. Trying again gives the
 * same, so it ends what it happened to. Pure.
 */
export function isOwnFault(error: unknown): boolean {
  if (error instanceof SessionError) return error.code === 'internal_error' || error.code === 'internal';
  if (error instanceof Refusal || isStoreAway(error)) return false;
  if (!(error instanceof Error)) return true;
  const { code } = error as NodeJS.ErrnoException;
  return !GIVEN_UP.has(error.name) && !(typeof code === 'string' && SYSTEM_CODE.test(code));
}
