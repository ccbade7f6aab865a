import { z } from 'zod';
import { readEvents, type ServerEvent } from './server-events.ts';

const CALL_TIMEOUT_MS = 15_000;
const problem = z.object({
  code: z.string(),
  detail: z.string().optional(),
  title: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

export interface ApiClient {
  /** One call, its answer as expected. Throws with what the API says is wrong. `path` begins with /v1. */
  call<T>(method: string, path: string, answer: z.ZodType<T>, body?: unknown): Promise<T>;
  /** Follows a stream until the API ends it, or the signal. */
  follow(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent>;
}

export function createApiClient({ apiUrl, apiKey }: { apiUrl: string; apiKey: string }): ApiClient {
  const authorization = `Bearer ${apiKey}`;
  return {
    async call(method, path, answer, body) {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${await refusalIn(response)}`);
      return answer.parse(await response.json());
    },
    async *follow(path, signal) {
      const response = await fetch(`${apiUrl}${path}`, {
        headers: { authorization, accept: 'text/event-stream' },
        signal,
      });
      if (!response.ok || response.body === null) throw new Error(`GET ${path}: ${await refusalIn(response)}`);
      yield* readEvents(response.body);
    },
  };
}

async function refusalIn(response: Response): Promise<string> {
  const read = problem.safeParse(await response.json().catch(() => null));
  if (!read.success) return `the API answered ${response.status}`;
  const { code, detail, title, errors } = read.data;
  const fields = errors.map(({ path, message }) => `\n  ${path} ${message}`).join('');
  return `the API answered ${response.status} ${code}: ${detail ?? title ?? ''}${fields}`;
}
