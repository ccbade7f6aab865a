import type { StreamAnswer } from './answer.ts';

export interface SseMessage {
  id?: string;
  /** Left out: an ordinary message. */
  event?: string;
  data: unknown;
}

const OPENING = 'retry: 1000\n\n';
const HEARTBEAT = ': still here\n\n';

/** `text/event-stream`. JSON has no line break in it, so one message is always one `data:` line. */
export function sseAnswer(messages: AsyncIterable<SseMessage>): StreamAnswer {
  return { status: 200, type: 'text/event-stream', chunks: toText(messages), heartbeat: HEARTBEAT };
}

async function* toText(messages: AsyncIterable<SseMessage>): AsyncGenerator<string> {
  yield OPENING;
  for await (const message of messages) yield sseText(message);
}

function sseText({ id, event, data }: SseMessage): string {
  const head = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
  return `${head}data: ${JSON.stringify(data)}\n\n`;
}
