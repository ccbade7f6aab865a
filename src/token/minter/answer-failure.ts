import type { NextFunction, Request, Response } from 'express';
import { z } from 'zod';
import { describe, SessionError, type FailureCode } from '../../errors.ts';
import type { Logger } from '../../ops/log.ts';
import { isOwnFault } from '../../ops/own-fault.ts';

/** Says to the caller why there is no answer: the last handler of each of the minter's sockets. */
export function answerFailure(log: Logger) {
  return (error: unknown, _req: Request, res: Response, _next: NextFunction): void => {
    // The caller went away before it had asked: there is nobody to answer, and nothing went wrong here.
    if (isAborted(error)) return void res.destroy();
    const code = codeOf(error);
    if (!(error instanceof SessionError)) log.error({ err: error }, 'a call failed');
    res.status(error instanceof z.ZodError ? 400 : 409).json({ error: { code, message: describe(error) } });
  };
}

/** Of a Redis, a disk or a system that cannot serve the minter its caller learns that it is worth another try. */
function codeOf(error: unknown): FailureCode {
  if (error instanceof SessionError) return error.code;
  return isOwnFault(error) ? 'internal_error' : 'minter_unavailable';
}

/** As Express says that a connection ended within its request. */
function isAborted(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'request.aborted';
}
