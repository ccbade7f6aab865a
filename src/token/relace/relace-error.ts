import { APIError, APIConnectionError, RelaceError } from '@relace-ai/relace';
import { AnswerTooLong } from '../../ops/bounded-fetch.ts';
import { retryAfterMs } from '../../ops/retry-after.ts';
import { ProviderError, type ProviderErrorKind } from '../provider.ts';

/**
 * Any failure of a call through the SDK as the port's own error. The SDK's error is not kept as its cause: it can hold
 * the request's URL, and the URL of a deletion holds the token.
 */
export function toProviderError(
  error: unknown,
  doing: string,
  byStatus: Partial<Record<number, ProviderErrorKind>>,
): ProviderError {
  if (error instanceof AnswerTooLong) return new ProviderError('unavailable', `${error.message} (${doing})`);
  const status = statusOf(error);
  if (status === null)
    return new ProviderError('unavailable', `The repo host did not answer (${doing}): ${nature(error)}`);
  const kind = byStatus[status] ?? 'unavailable';
  const message = `The repo host answered ${status} (${doing})${kind === 'refused' || kind === 'not_found' ? reason(error) : ''}`;
  const waitMs = retryAfter(error);
  return new ProviderError(kind, message, waitMs === null ? {} : { retryAfterMs: waitMs });
}

/** The status of an answer; null when there was none, or none that could be read. */
export function statusOf(error: unknown): number | null {
  return error instanceof APIError && typeof error.status === 'number' ? error.status : null;
}

function nature(error: unknown): string {
  if (error instanceof APIConnectionError) return 'no connection, or it broke';
  return error instanceof RelaceError || error instanceof Error ? error.constructor.name : 'unknown error';
}

/** What the host said, for the session's owner; only of calls whose request holds no token. */
function reason(error: unknown): string {
  const said = error instanceof APIError ? (error.error as { error?: unknown } | undefined)?.error : undefined;
  return typeof said === 'string' ? `: ${said.slice(0, 300)}` : '';
}

function retryAfter(error: unknown): number | null {
  const value = error instanceof APIError ? (error.headers as Headers | undefined)?.get('retry-after') : null;
  return retryAfterMs(value, Date.now());
}
