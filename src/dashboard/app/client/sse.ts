/** A server-sent event; `data` is JSON. */
export interface SseMessage {
  id: string | null;
  event: string;
  data: unknown;
}

/** The messages of a stream, those of one network read at a time; an empty batch when only a heartbeat came. */
export async function* readMessages(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<SseMessage[]> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      yield blocks.map(parseMessage).filter((message) => message !== null);
    }
  } finally {
    // Whoever stops reading lets go of the connection.
    await reader.cancel().catch(() => undefined);
  }
}

/** null: a comment, such as a heartbeat. */
function parseMessage(block: string): SseMessage | null {
  const fields = new Map(block.split('\n').map((line) => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*: ?/, '')]));
  const data = fields.get('data');
  if (data === undefined) return null;
  return { id: fields.get('id') ?? null, event: fields.get('event') ?? 'message', data: JSON.parse(data) };
}
