import { problemOf } from './problem.ts';
import { createServerClock, type ServerClock } from './server-clock.ts';
import { readMessages, type SseMessage } from './sse.ts';
import type { Login } from './login.ts';
import type { Sight } from './sight.ts';

/** The API as the page calls it, by the browser's login. Every call throws a `Problem` for an answer that is no success. */
export interface Client {
  /** Whether somebody sees the page that calls. */
  readonly sight: Sight;
  /** Ages and times left are by it, as the browser's may be wrong. */
  readonly clock: Pick<ServerClock, 'nowMs'>;
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, options?: SendOptions): Promise<T>;
  /**
   * Server-sent events by fetch, because EventSource says nothing of an answer that is no stream. Yields the messages of
   * one network read at a time; ends when the server closes, and throws when the connection breaks.
   */
  stream(path: string, options: StreamOptions): Promise<AsyncGenerator<SseMessage[]>>;
}

interface SendOptions {
  body?: unknown;
  idempotencyKey?: string;
}

export interface StreamOptions {
  lastEventId: string | null;
  signal: AbortSignal;
}

/** `onLoggedOut` is told once the login does not count any more. */
export function createClient(login: Login, sight: Sight, onLoggedOut: (why: string) => void): Client {
  const clock = createServerClock();
  async function call(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(path, init);
    clock.hear(response);
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status === 401) onLoggedOut('The login is over. Log in again.');
    throw problem;
  }
  return {
    sight,
    clock,
    async get<T>(path: string, signal?: AbortSignal) {
      const response = await call(path, { signal: signal ?? null });
      return (await response.json()) as T;
    },
    async send<T>(method: string, path: string, { body = {}, idempotencyKey }: SendOptions = {}) {
      const headers = new Headers({ 'content-type': 'application/json', 'x-csrf-token': login.csrfToken });
      if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey);
      const response = await call(path, {
        method,
        headers,
        ...(method !== 'DELETE' && { body: JSON.stringify(body) }),
      });
      return (response.status === 204 ? null : await response.json()) as T;
    },
    async stream(path, { lastEventId, signal }) {
      const headers = new Headers({ accept: 'text/event-stream' });
      if (lastEventId !== null) headers.set('last-event-id', lastEventId);
      const { status, body } = await call(path, { headers, signal });
      if (status === 204) return nothingMore();
      if (body === null) throw new Error('The stream has no body.');
      return readMessages(body);
    },
  };
}

/** As from a server that says the stream is over. */
async function* nothingMore(): AsyncGenerator<SseMessage[]> {
  yield [{ id: null, event: 'end', data: null }];
}
