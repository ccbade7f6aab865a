/** What a test reads of an answer. */
interface Reply {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else its text. */
  body: unknown;
}

interface CallOptions {
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  raw?: string;
  headers?: Record<string, string>;
  /** null: no key is sent. */
  key?: string | null;
}

export type CallApi = (method: string, path: string, options?: CallOptions) => Promise<Reply>;

/** Calls the API as a client would. */
export function apiClient(api: { url: string; key: string }): CallApi {
  return async (method, path, { body, raw, headers = {}, key = api.key } = {}) => {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(api.url + path, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text !== undefined && { body: text }),
    });
    const answer = await response.text();
    const isJson = /^application\/(\S+\+)?json(;|$)/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
  };
}
