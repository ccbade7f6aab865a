import type { NextFunction, Request, Response } from 'express';
import { z } from 'zod';
import { describe, SessionError } from '../../errors.ts';
import type { Logger } from '../../ops/log.ts';

/** Says to the caller why there is no answer: the last handler of each of the minter's sockets. */
export function answerFailure(log: Logger) {
  return (error: unknown, _req: Request, res: Response, _next: NextFunction): void => {
    // The caller went away before it had asked: there is nobody to answer, and nothing went wrong here.
    if (isAborted(error)) return void res.destroy();
    const code = error instanceof SessionError ? error.code : 'internal';
    if (code === 'internal') log.error({ err: error }, 'a call failed');
    res.status(error instanceof z.ZodError ? 400 : 409).json({ error: { code, message: describe(error) } });
  };
}

/** As Express says that a connection ended within its request. */
function isAborted(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'request.aborted';
}
