// @ts-check

/** Nobody is logged in, or the key was refused. */
export class LoggedOut extends Error {}

/**
 * What this page has of a login; the login itself is in a cookie that no script can read.
 * @typedef {{ keyId: string, name: string, scopes: string[], csrfToken: string }} Login
 */

/**
 * The login that this browser has; null when it has none.
 * @returns {Promise<Login | null>}
 */
export async function currentLogin() {
  const response = await fetch('/login');
  if (!response.ok) throw new Error(`/login answered ${response.status}`);
  return (await response.json()).login;
}

/**
 * Logs in with a key, which is sent this once.
 * @param {string} key
 * @returns {Promise<Login>}
 */
export async function logIn(key) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch('/login', { method: 'POST', headers, body: JSON.stringify({ key }) });
  const answer = await response.json();
  if (!response.ok) throw new LoggedOut(answer.detail);
  return answer.login;
}

/** @param {Login} login */
export async function logOut({ csrfToken }) {
  await fetch('/logout', { method: 'POST', headers: { 'x-csrf-token': csrfToken } });
}

/** The API as this page uses it, by the browser's login. */
export function createApi() {
  /**
   * @param {string} path
   * @param {{ headers?: Record<string, string>, signal?: AbortSignal }} [init]
   */
  async function call(path, { headers, signal } = {}) {
    const response = await fetch(path, { signal, headers: { ...headers } });
    if (response.status === 401) throw new LoggedOut('The login is over. Log in again.');
    return response;
  }
  return {
    /**
     * Null where there is no such thing (any more).
     * @param {string} path
     */
    async get(path) {
      const response = await call(path);
      if (response.status === 404) return null;
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
      return response.json();
    },
    /**
     * Server-sent events by fetch, because EventSource says nothing of an answer that is no stream. Yields the messages of one network read at a
     * time; ends when the server closes, and throws when the connection breaks.
     * @param {string} path
     * @param {{ lastEventId: string | null, signal: AbortSignal }} from
     * @returns {Promise<AsyncGenerator<{ id: string | null, event: string, data: any }[]>>}
     */
    async stream(path, { lastEventId, signal }) {
      const headers = { accept: 'text/event-stream', ...(lastEventId !== null && { 'last-event-id': lastEventId }) };
      const response = await call(path, { headers, signal });
      if (!response.ok || response.body === null) throw new Error(`${path} answered ${response.status}`);
      return readMessages(response.body);
    },
  };
}

/** @param {ReadableStream<Uint8Array>} body */
async function* readMessages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    const messages = blocks.map(parseMessage).filter((message) => message !== null);
    if (messages.length > 0) yield messages;
  }
}

/** @param {string} block */
function parseMessage(block) {
  const fields = new Map(
    block.split('\n').map((line) => [line.split(': ', 1)[0] ?? '', line.replace(/^[^:]*: ?/, '')]),
  );
  const data = fields.get('data');
  if (data === undefined) return null;
  return { id: fields.get('id') ?? null, event: fields.get('event') ?? 'message', data: JSON.parse(data) };
}
