import { boundAnswer, boundedFetch } from '../../../ops/bounded-fetch.ts';
import { z } from 'zod';
import { forReading, type Reading } from '../../../api/schemas/reading.ts';
import { readEvents, type ServerEvent } from './server-events.ts';

/** Far more than the largest page has. */
const MAX_ANSWER_BYTES = 64 * 1024 ** 2;
const CALL_TIMEOUT_MS = 15_000;
/** The API sends a comment every 15 s; who is silent for longer than this is gone, whatever TCP thinks. */
const SILENCE_MS = 60_000;
const problem = z.object({
  code: z.string(),
  detail: z.string().optional(),
  title: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

/** The API's answer to a call that it refuses, or that it cannot serve. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly status: number;
  /** null: whoever answered is no Daypass, such as a proxy in between. */
  readonly code: string | null;

  constructor(message: string, { status, code }: { status: number; code: string | null }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface CallOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface ApiClient {
  /**
   * One call, its answer as expected, or as a newer server gives it; null where there is none. Throws `ApiRefusal` with what the API says is wrong, and what
   * `fetch` throws when there is no answer. `path` begins with /v1.
   */
  call<Schema extends z.ZodType>(
    method: string,
    path: string,
    answer: Schema,
    body?: unknown,
    options?: CallOptions,
  ): Promise<Reading<z.output<Schema>>>;
  /**
   * Follows a stream until the API ends it, or the signal. Throws as `call` does, also when it breaks off. `onOpen` is told
   * that the API has begun to answer.
   */
  follow(path: string, signal: AbortSignal, onOpen?: () => void): AsyncGenerator<ServerEvent>;
}

const BOUND = { who: 'The API', maxBytes: MAX_ANSWER_BYTES };
const fetchAnswer = boundedFetch(BOUND);

export function createApiClient({ apiUrl, apiKey }: { apiUrl: string; apiKey: string }): ApiClient {
  const authorization = `Bearer ${apiKey}`;
  return {
    async call(method, path, answer, body, { headers = {}, signal } = {}) {
      const late = AbortSignal.timeout(CALL_TIMEOUT_MS);
      const response = await fetchAnswer(`${apiUrl}${path}`, {
        method,
        headers: { authorization, ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw await refusalIn(`${method} ${path}`, response);
      return forReading(answer).parse(response.status === 204 ? null : await response.json());
    },
    async *follow(path, signal, onOpen) {
      const silence = new AbortController();
      const timer = setTimeout(() => silence.abort(new DOMException('The API is silent', 'TimeoutError')), SILENCE_MS);
      try {
        const response = await fetch(`${apiUrl}${path}`, {
          headers: { authorization, accept: 'text/event-stream' },
          signal: AbortSignal.any([signal, silence.signal]),
        });
        // There is nothing after what was read before.
        if (response.status === 204) return yield { event: 'end', data: null };
        if (!response.ok || response.body === null) throw await refusalIn(`GET ${path}`, boundAnswer(response, BOUND));
        onOpen?.();
        const heard = new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            timer.refresh();
            controller.enqueue(chunk);
          },
        });
        yield* readEvents(response.body.pipeThrough(heard));
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function refusalIn(call: string, response: Response): Promise<ApiRefusal> {
  const { status } = response;
  const read = problem.safeParse(await response.json().catch(() => null));
  if (!read.success) return new ApiRefusal(`${call}: the API answered ${status}`, { status, code: null });
  const { code, detail, title, errors } = read.data;
  const fields = errors.map(({ path, message }) => `\n  ${path} ${message}`).join('');
  return new ApiRefusal(`${call}: the API answered ${status} ${code}: ${detail ?? title ?? ''}${fields}`, {
    status,
    code,
  });
}
