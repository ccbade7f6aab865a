/** One message of a `text/event-stream`. */
export interface ServerEvent {
  /** `message`, unless it has a name. */
  event: string;
  data: unknown;
}

/** Far more than a record of a log or an event has. */
const MAX_MESSAGE_CHARS = 8 * 1024 ** 2;

/**
 * Messages with their JSON; comments and messages without data are left out. Throws at one that is longer than 8 Mi characters.
 * Source: HTML, "Server-sent events".
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MAX_MESSAGE_CHARS)
      throw new Error(`The API sent a message that is longer than ${MAX_MESSAGE_CHARS} characters`);
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
