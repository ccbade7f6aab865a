import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { WardenDeps } from '../deps.ts';
import { WardenRefusal } from '../refusal.ts';
import type { Answer, Route } from '../route.ts';
import { matchRoute } from './match.ts';
import { readBody } from './read-body.ts';

/** Names in a refusal are the caller's: so much of them, and no more. */
const MAX_ISSUES = 8;

/**
 * Checks one request and has its operation answer it. Nothing of what came in is passed on: operations make calls of their
 * own out of what was parsed. Throws what `toAnswer` makes an answer of.
 */
export async function answerCall(
  routes: readonly Route[],
  deps: WardenDeps,
  request: IncomingMessage,
): Promise<Answer> {
  if (request.headersDistinct['host']?.length !== 1) throw new WardenRefusal(403, 'There must be one Host');
  const { route, sandboxId, query } = matchRoute(routes, request.method ?? '', request.url ?? '');
  const body = await readBody(request, route.maxBodyBytes);
  return route.answer(deps, {
    sandboxId,
    query: parse(route.query, query),
    body: parse(route.body ?? z.null(), body),
    signal: AbortSignal.timeout(route.timeoutMs),
  });
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const issues = read.error.issues.slice(0, MAX_ISSUES);
  const sentences = issues.map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`);
  throw new WardenRefusal(403, `Outside of what the warden passes on: ${sentences.join('; ')}`);
}
