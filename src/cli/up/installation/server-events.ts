/** One message of a `text/event-stream`. */
export interface ServerEvent {
  /** `message`, unless it has a name. */
  event: string;
  data: unknown;
}

/** Messages with their JSON; comments and messages without data are left out. Source: HTML, "Server-sent events". */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = fieldOf(block, 'data');
      if (data !== null) yield { event: fieldOf(block, 'event') ?? 'message', data: JSON.parse(data) };
    }
  }
}

function fieldOf(block: string, name: string): string | null {
  const line = block.split('\n').find((text) => text.startsWith(`${name}: `));
  return line === undefined ? null : line.slice(name.length + 2);
}
