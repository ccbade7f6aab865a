import type { ServerResponse } from 'node:http';
import type { Logger } from '../../ops/log.ts';
import type { Caller } from '../auth/caller.ts';
import { fingerprintOf } from '../tokens/token-value.ts';

/**
 * Logs one line when the answer is over: method, route pattern, status, time, and who called. The pattern stands in for the
 * path, because the path of a token's deletion holds the token.
 */
export function logAccess(request: {
  log: Logger;
  res: ServerResponse;
  method: string;
  route: string;
  now: () => number;
}): { caller(caller: Caller): void } {
  const { log, res, method, route, now } = request;
  const startedAtMs = now();
  let by = 'nobody';
  res.once('close', () => {
    const durationMs = now() - startedAtMs;
    log.info({ method, route, status: res.statusCode, complete: res.writableFinished, durationMs, by }, 'request');
  });
  return {
    caller(caller) {
      by = caller.kind === 'account' ? 'account' : fingerprintOf(caller.hash);
    },
  };
}
