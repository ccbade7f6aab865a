import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';
import type { AuditAction } from '../access/audit.ts';
import type { Caller } from '../access/caller.ts';
import type { Scope } from '../access/scope.ts';
import type { Answer } from './answer.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { ApiDeps } from './deps.ts';
import { headerValues, parse, queryValues } from './parse.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** A request as it arrived: authenticated, its body read as JSON, nothing of it checked. */
export interface RawCall {
  /** The `{id}` of the path; empty where the path has none. */
  id: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: unknown;
  /** null only for operations that need no key. */
  caller: Caller | null;
  /** Where the audit line of an operation that has one is written; null for those that have none. */
  audit: AuditTrail | null;
  /** The media type of these that the client likes best; the first when it likes none. */
  prefers(types: [string, ...string[]]): string;
  /** Aborts when the client is gone or the process closes. */
  signal: AbortSignal;
}

/** The same with every part checked. */
interface Call<Query, Headers, Body> extends Omit<RawCall, 'query' | 'headers' | 'body'> {
  query: Query;
  headers: Headers;
  body: Body;
}

interface Description {
  method: Method;
  /** As OpenAPI writes it: `/v1/sessions/{id}`. */
  path: string;
  summary: string;
  description?: string;
  /** What a key must be allowed; null: no key is needed. Which records it then sees is `viewOf` its caller. */
  scope: Scope | null;
  /** What the audit log calls it; left out for what changes nothing. */
  audit?: AuditAction;
  /** What its body may have at most, in bytes; `MAX_BODY_BYTES` when left out. */
  maxBodyBytes?: number;
  responses: ZodOpenApiResponsesObject;
}

interface TypedOperation<
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends z.ZodType,
> extends Description {
  query?: Query;
  headers?: Headers;
  body?: Body;
  handle(call: Call<z.output<Query>, z.output<Headers>, z.output<Body>>, deps: ApiDeps): Promise<Answer>;
}

/** One call of the API: what its documentation says and what it does, from the same schemas. */
export interface Operation extends Description {
  query: z.ZodObject;
  headers: z.ZodObject;
  body: z.ZodType | null;
  handle(call: RawCall, deps: ApiDeps): Promise<Answer>;
}

/** Without a schema there is no parameter, header or body: an unknown parameter is refused, the rest is not looked at. */
export function defineOperation<
  Query extends z.ZodObject = z.ZodObject,
  Headers extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodUnknown,
>(operation: TypedOperation<Query, Headers, Body>): Operation {
  const query = operation.query ?? z.strictObject({});
  const headers = operation.headers ?? z.object({});
  const body = operation.body ?? null;
  return {
    ...operation,
    query,
    headers,
    body,
    handle: (call, deps) => {
      const checked = {
        ...call,
        query: parse(query, queryValues(call.query)),
        headers: parse(headers, headerValues(call.headers, Object.keys(headers.shape))),
        // A body that may be left out altogether is an object without fields.
        body: body === null ? undefined : parse(body, call.body ?? {}),
      };
      return operation.handle(checked as Call<z.output<Query>, z.output<Headers>, z.output<Body>>, deps);
    },
  };
}
