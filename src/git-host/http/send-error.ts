import type { ServerResponse } from 'node:http';
import type { Logger } from '../../ops/log.ts';
import { HostError, STATUS_OF } from './host-error.ts';

/**
 * Answers `{"error": message}`, the only form of an error here. An answer that has begun cannot be taken back, so its
 * connection is cut: git and every HTTP client take that as a failure. What is no `HostError` is our fault, is logged,
 * and its text stays here.
 */
export function sendError(res: ServerResponse, thrown: unknown, log: Logger): void {
  // The client went away, which is why the work ended: there is nobody to answer, and nothing went wrong here.
  if (res.destroyed) return;
  const error = thrown instanceof HostError ? thrown : foreignError(thrown);
  if (error.code === 'internal_error') log.error({ err: thrown }, 'request failed');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const body = JSON.stringify({ error: error.message });
  res.writeHead(STATUS_OF[error.code], {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    // The SDK tries a 5xx again by itself; what is not built will not be there the second time either.
    ...(error.code === 'busy' && { 'retry-after': '60' }),
    ...(error.code === 'no_space' && { 'retry-after': '60' }),
    ...(error.code === 'too_many' && { 'retry-after': '10' }),
    ...(error.code === 'not_built' && { 'x-should-retry': 'false' }),
    ...(error.code === 'locked' && { 'retry-after': '1' }),
  });
  res.end(body);
}

/** The router throws plain errors with a status for what it cannot read, such as a path with a broken escape. */
function foreignError(thrown: unknown): HostError {
  const status = typeof thrown === 'object' && thrown !== null && 'status' in thrown ? thrown.status : undefined;
  if (status === 400) return new HostError('bad_value', 'the request path cannot be decoded', { cause: thrown });
  return new HostError('internal_error', 'the git host failed; its log says why', { cause: thrown });
}
