import type { Response } from 'express';
import { describe, type RefusalCode } from '../errors.ts';
import type { Logger } from '../ops/log.ts';
import { asRefusal, statusOf, toProblem } from './problem.ts';

/** What is no caller's doing, and nothing that passes. */
const OURS: ReadonlySet<RefusalCode> = new Set(['internal_error', 'log_unreadable', 'record_unreadable']);

/** Answers with a problem, and logs what is not the caller's doing. An answer that has begun is cut, as it cannot be taken back. */
export function sendRefusal(res: Response, thrown: unknown, log: Logger): void {
  const requestId = String(res.locals['requestId']);
  const refusal = asRefusal(thrown);
  if (OURS.has(refusal.code)) log.error({ requestId, trace: traceOf(thrown) }, 'call failed');
  if (refusal.code === 'unavailable') {
    log.warn({ requestId, reason: describe(refusal.cause ?? refusal) }, 'call refused for now');
  }
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (refusal.code === 'unauthorized') res.setHeader('www-authenticate', 'Bearer realm="daypass"');
  const retryAfterSeconds = refusal.retryAfterSeconds ?? (refusal.code === 'unavailable' ? 1 : null);
  if (retryAfterSeconds !== null) res.setHeader('retry-after', `${retryAfterSeconds}`);
  res.writeHead(statusOf(refusal.code), { 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(toProblem(refusal, requestId)));
}

/** The stacks of an error and its causes, and none of its other fields: those of Redis' errors hold whole records. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${traceOf(error.cause)}`;
}
