import type { Request, Response } from 'express';
import { orUnavailable } from '../store/redis.ts';
import { isStream, sendStream, sendWhole } from './answer.ts';
import type { Authenticate } from './auth.ts';
import type { ApiDeps } from './deps.ts';
import type { Operation, RawCall } from './operation.ts';
import type { ReadBody } from './read-body.ts';

export interface ServeTools {
  authenticate: Authenticate;
  readBody: ReadBody;
}

/** Answers one call. Throws what it is refused with, as long as nothing was answered. */
export async function serveOperation(
  operation: Operation,
  deps: ApiDeps,
  { authenticate, readBody }: ServeTools,
  [req, res]: [Request, Response],
): Promise<void> {
  const caller = operation.open ? null : authenticate(req.headers.authorization);
  const body = operation.body === null ? undefined : await readBody(req, res);
  const gone = new AbortController();
  res.on('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, deps.closing]);
  const call: RawCall = {
    id: typeof req.params['id'] === 'string' ? req.params['id'] : '',
    query: new URL(req.url, 'http://localhost').searchParams,
    headers: req.headers,
    body,
    caller,
    prefers: (types) => req.accepts(types) || types[0],
    signal,
  };
  const answer = await orUnavailable(operation.handle(call, deps));
  if (!isStream(answer)) return sendWhole(res, answer);
  // To HEAD there is no body to wait for.
  if (req.method === 'HEAD') return void res.writeHead(answer.status, { 'content-type': answer.type }).end();
  const giveBack = deps.streams.take();
  try {
    await sendStream(res, answer, signal);
  } finally {
    giveBack();
  }
}
