import { Refusal, SessionError } from '../errors.ts';
import { isStoreAway } from '../store/redis.ts';

/** Calls that were given up, by a signal or by the clock. */
const GIVEN_UP = new Set(['AbortError', 'TimeoutError']);
/**
 * What the operating system says (`ENOSPC`, `EAI_AGAIN`), HTTP's parser, SQLite, and Node of connections that broke. Its other
 * codes, which begin with `ERR_` too, are of calls that were made wrong.
 */
const OUTSIDE_CODE = /^(E(?!RR_)[A-Z0-9_]+|HPE_\w+|SQLITE_\w+|ERR_(?:STREAM|SOCKET|TLS|SSL|HTTP2)_\w+)$/;

/**
 * Whether an error is a fault of this program and not a failure of something outside that it knows: a `TypeError`, a record
 * of ours that is not as it must be, a state that there is none of, what the minter says of itself. Trying again gives the
 * same, so it ends what it happened to. An error that a failure of the outside has caused is none. Pure.
 */
export function isOwnFault(error: unknown): boolean {
  if (error instanceof SessionError) return error.code === 'internal_error';
  if (error instanceof Refusal || isStoreAway(error)) return false;
  if (!(error instanceof Error)) return true;
  const { code } = error as NodeJS.ErrnoException;
  if (GIVEN_UP.has(error.name) || (typeof code === 'string' && OUTSIDE_CODE.test(code))) return false;
  return !(error.cause instanceof Error) || isOwnFault(error.cause);
}
