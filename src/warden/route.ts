import { z } from 'zod';
import type { WardenDeps } from './deps.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** A call as an operation gets it: everything in it is checked. */
export interface Call<Query = unknown, Body = unknown> {
  /** From the path; empty where the path names none. */
  sandboxId: string;
  query: Query;
  body: Body;
  /** Aborts when the call has taken too long. */
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  /** Left out: an answer without a body. */
  json?: unknown;
}

export interface Route<Query = unknown, Body = unknown> {
  method: Method;
  /** Without a version. `{sandbox}` stands for the id of a sandbox, which is all that can be asked for by name. */
  path: string;
  /** Every parameter that may be there; any other is refused. */
  query: z.ZodType<Query>;
  /** What the body must be; null: there must be none. */
  body: z.ZodType<Body> | null;
  /** More than this is refused unread. */
  maxBodyBytes: number;
  timeoutMs: number;
  answer(deps: WardenDeps, call: Call<Query, Body>): Promise<Answer>;
}

/** Below what a worker waits, so that it gets an answer that says what is wrong. */
const TIMEOUT_MS = 18_000;

type Given<Query, Body> = Pick<Route<Query, Body>, 'method' | 'path' | 'answer'> &
  Partial<Omit<Route<Query, Body>, 'method' | 'path' | 'answer'>>;

/** A route of the table. What is not given is: no query, no body, the usual time. */
export function route<Query = Record<string, never>, Body = null>(given: Given<Query, Body>): Route {
  return {
    query: z.strictObject({}),
    body: null,
    maxBodyBytes: 0,
    timeoutMs: TIMEOUT_MS,
    ...given,
  };
}
