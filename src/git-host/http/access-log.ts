import type { ServerResponse } from 'node:http';
import type { Logger } from '../../ops/log.ts';
import type { Caller } from '../auth/caller.ts';
import { fingerprintOf } from '../tokens/token-value.ts';

/** More than a session that works has, and too little to push the lines of others out of a log that is rotated. */
const LINES_PER_MINUTE = 240;
const MINUTE_MS = 60_000;

/** One line for each request, of each caller as many as are of use: the others are counted. */
export interface AccessLog {
  /**
   * Logs when the answer is over: method, route pattern, status, time, and who called. The pattern stands in for the path,
   * because the path of a token's deletion holds the token.
   */
  begin(request: { res: ServerResponse; method: string; route: string }): { caller(caller: Caller): void };
  close(): void;
}

/** Who shows no valid key is one caller with all others that do not. The account's own requests are all logged. */
export function createAccessLog(log: Logger, now: () => number): AccessLog {
  let lines = new Map<string, number>();

  const tellOmitted = (): void => {
    for (const [by, count] of lines)
      if (count > LINES_PER_MINUTE) log.info({ by, omitted: count - LINES_PER_MINUTE }, 'more requests, not logged');
    lines = new Map();
  };
  const telling = setInterval(tellOmitted, MINUTE_MS).unref();

  const isLogged = (by: string): boolean => {
    if (by === ACCOUNT) return true;
    const count = (lines.get(by) ?? 0) + 1;
    lines.set(by, count);
    return count <= LINES_PER_MINUTE;
  };

  return {
    begin({ res, method, route }) {
      const startedAtMs = now();
      let by = 'nobody';
      res.once('close', () => {
        if (!isLogged(by)) return;
        const durationMs = now() - startedAtMs;
        log.info({ method, route, status: res.statusCode, complete: res.writableFinished, durationMs, by }, 'request');
      });
      return {
        caller(caller) {
          by = caller.kind === 'account' ? ACCOUNT : fingerprintOf(caller.hash);
        },
      };
    },
    close() {
      clearInterval(telling);
      tellOmitted();
    },
  };
}

const ACCOUNT = 'account';
