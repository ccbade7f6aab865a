import type { Request, Response } from 'express';
import { isOfSettings, type Caller } from '../access/caller.ts';
import { describe } from '../errors.ts';
import { orUnavailable } from '../store/redis.ts';
import { admit, originOf, requireScope } from './admit.ts';
import { isStream, sendStream, sendWhole, type Answer } from './answer.ts';
import { createAuditTrail } from './audit-trail.ts';
import type { ApiDeps } from './deps.ts';
import type { Operation, RawCall } from './operation.ts';
import { asRefusal } from './problem.ts';
import type { ReadBody } from './read-body.ts';

/** Answers one call. Throws what it is refused with, as long as nothing was answered. */
export async function serveOperation(
  operation: Operation,
  deps: ApiDeps,
  readBody: ReadBody,
  [req, res]: [Request, Response],
): Promise<void> {
  const ending = new AbortController();
  res.on('close', () => ending.abort());
  const signal = AbortSignal.any([ending.signal, deps.closing]);
  const caller = operation.scope === null ? null : await orUnavailable(admit(deps, [req, res]));
  const holder = caller === null || isOfSettings(caller) ? null : caller.keyId;
  const answered = deps.calls.take(holder);
  res.on('close', answered);
  const answer = await orUnavailable(handle(operation, deps, { readBody, caller, signal, exchange: [req, res] }));
  if (!isStream(answer)) return sendWhole(res, answer);
  // To HEAD there is no body to wait for.
  if (req.method === 'HEAD') return void res.writeHead(answer.status, { 'content-type': answer.type }).end();
  using kept = new DisposableStack();
  kept.defer(deps.streams.take(holder));
  answered();
  if (caller !== null) kept.defer(deps.keyWatch.watch(caller, () => ending.abort()));
  await sendStream(res, answer, { signal, ...deps.bounds });
}

/** What the operation answers; told to the audit log, where it belongs there, whatever comes of it. */
async function handle(
  operation: Operation,
  deps: ApiDeps,
  given: { readBody: ReadBody; caller: Caller | null; signal: AbortSignal; exchange: [Request, Response] },
): Promise<Answer> {
  const { readBody, caller, signal, exchange } = given;
  const [req, res] = exchange;
  const id = typeof req.params['id'] === 'string' ? req.params['id'] : '';
  const audit =
    operation.audit === undefined || caller === null
      ? null
      : createAuditTrail(deps, {
          action: operation.audit,
          caller,
          origin: originOf(req, res),
          pathId: id === '' ? null : id,
        });
  try {
    if (caller !== null && operation.scope !== null) requireScope(caller, operation.scope);
    const call: RawCall = {
      id,
      // Not by a URL parser, which throws at what may stand before the path.
      query: new URLSearchParams(/\?([^#]*)/.exec(req.url)?.[1]),
      headers: req.headers,
      body: operation.body === null ? undefined : await readBody(req, res),
      caller,
      audit,
      prefers: (types) => req.accepts(types) || types[0],
      signal,
    };
    const answer = await operation.handle(call, deps);
    await audit?.end('unchanged');
    return answer;
  } catch (error) {
    await audit?.end(asRefusal(error).code).catch((reason: unknown) => {
      deps.log.warn({ reason: describe(reason), action: operation.audit }, 'a refusal is not in the audit log');
    });
    throw error;
  }
}
