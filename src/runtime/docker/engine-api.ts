import { request as requestPlain, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import type { z } from 'zod';
import type { EngineAddress } from './connect.ts';
import { JsonProblem } from '../../json/limits.ts';
import { parseJson } from '../../json/parse.ts';
import { readBounded } from '../../json/read-bounded.ts';

export interface EngineCall<T> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** The call is given up, its connection closed. */
  signal: AbortSignal;
  /** What the answer must be; what it holds besides is left out. An answer without a body is null. */
  answer: z.ZodType<T>;
}

/** What the other side said when it refused: `statusCode` and its message, as in Docker's API. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly statusCode: number;
  /** The warden's word for what is wrong; an engine has none. */
  readonly code: string | null;

  constructor(statusCode: number, message: string, code: string | null) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

/** Calls of Docker's API: a warden's to its engine, and a worker's to its warden. */
export interface EngineApi {
  /** Throws `EngineRefusal`; any other error means that nobody answered. */
  call<T>(call: EngineCall<T>): Promise<T>;
}

/** A connection for each call, so that none is left from before a restart of the other side. */
export function createEngineApi(address: EngineAddress): EngineApi {
  return {
    async call({ answer, ...asked }) {
      const { status, json } = await send(address, asked);
      if (status < 300) return answer.parse(json);
      const { message, code } = (json ?? {}) as { message?: unknown; code?: unknown };
      const said = typeof message === 'string' ? message : `it answered ${status}`;
      throw new EngineRefusal(status, said, typeof code === 'string' ? code : null);
    },
  };
}

/** A list of ten thousand containers has some megabytes. */
const MAX_ANSWER_BYTES = 32 * 1024 ** 2;
const ANSWER_LIMITS = { depth: 64, containers: 1_000_000, scalars: 4_000_000, keys: 4_000_000, keyBytes: 64 * 1024 };

async function send(
  address: EngineAddress,
  { method, path, query, body, signal }: Omit<EngineCall<unknown>, 'answer'>,
): Promise<{ status: number; json: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; json: unknown }>();
  const content = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    'content-length': Buffer.byteLength(content),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  const tls = 'host' in address ? address.tls : null;
  const asked: RequestOptions = { ...address, method, path: path + search, headers, agent: false, signal };
  const sent = tls === null ? requestPlain(asked) : requestTls({ ...asked, ...tls });
  sent.once('response', (response) => {
    const isJson = response.headers['content-type']?.startsWith('application/json') === true;
    readBounded(response, MAX_ANSWER_BYTES, 'the answer of the engine')
      .then((said) => ({
        status: response.statusCode ?? 500,
        json: isJson && said.length > 0 ? parseAnswer(said) : null,
      }))
      .then(resolve, reject);
  });
  sent.on('error', reject);
  sent.end(content);
  return promise;
}

function parseAnswer(said: Buffer): unknown {
  try {
    return parseJson(said, ANSWER_LIMITS);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw new Error(`the answer of the engine ${error.message}`, { cause: error });
  }
}
