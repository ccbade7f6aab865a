interface ReceivedMessage {
  id?: string;
  event?: string;
  data: unknown;
}

export interface SseClient extends Disposable {
  /** The next message; null when the server has closed. Rejects after `timeoutMs`. */
  next(timeoutMs?: number): Promise<ReceivedMessage | null>;
}

/** Reads server-sent events one at a time. Disposing it leaves, as a client that goes away does. */
export async function openSse(url: string, headers: Record<string, string>): Promise<SseClient> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: leaving.signal });
  if (response.status !== 200 || response.body === null) throw new Error(`${url} answered ${response.status}`);
  const messages = parse(response.body);
  return {
    async next(timeoutMs = 20_000) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => late.reject(new Error(`No message within ${timeoutMs} ms`)), timeoutMs);
      try {
        const { value, done } = await Promise.race([messages.next(), late.promise]);
        return done ? null : value;
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.dispose]: () => leaving.abort(),
  };
}

async function* parse(body: ReadableStream<Uint8Array>): AsyncGenerator<ReceivedMessage, void> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      // By hand: `.` and `$` of a pattern take U+2028 for a line's end, and the protocol does not.
      const lines = block.split('\n');
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const [id, event, data] = [field('id'), field('event'), field('data')];
      if (data === undefined) continue;
      yield { ...(id !== undefined && { id }), ...(event !== undefined && { event }), data: JSON.parse(data) };
    }
  }
}
