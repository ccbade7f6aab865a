import { outputOf, type LogRecord, type LogStream } from '../session/log-record.ts';
import type { SessionStatus } from '../session/status.ts';
import { isEnded } from '../session/status.ts';
import type { StreamAnswer } from './answer.ts';
import { sseAnswer, type SseMessage } from './sse.ts';

export const LOG_TYPES: ['text/plain', ...string[]] = ['text/plain', 'application/x-ndjson', 'text/event-stream'];

/** Readers of JSON skip it, as white space; those of lines do by convention. */
const EMPTY_LINE = '\n';

interface LogForm {
  /** Only records of this stream; null is all that the form shows. */
  stream: LogStream | null;
  /** The record that the pages come after; `0` is the beginning. */
  afterId: string;
  /** The session's status once the pages are over. */
  finalStatus(): Promise<SessionStatus | null>;
}

/** The log as the client wants to read it. */
export function writeLog(type: string, pages: AsyncIterable<LogRecord[]>, form: LogForm): StreamAnswer {
  switch (type) {
    case 'text/event-stream':
      return sseAnswer(messages(pages, form));
    case 'application/x-ndjson':
      return { status: 200, type, chunks: ndjson(pages, form), heartbeat: EMPTY_LINE };
    default:
      return { status: 200, type: 'text/plain; charset=utf-8', chunks: plain(pages, form) };
  }
}

/**
 * The agent's own output, byte for byte but for masks. What the system says of it is left out, as it was never part of it,
 * unless it is asked for.
 */
async function* plain(pages: AsyncIterable<LogRecord[]>, { stream }: LogForm): AsyncGenerator<string | Uint8Array> {
  for await (const records of pages) {
    const wanted = records.filter((record) =>
      stream === null ? record.stream !== 'system' : record.stream === stream,
    );
    if (wanted.length > 0) yield joined(wanted.map(outputOf));
  }
}

/** Text where all of it is, which is quicker. */
function joined(pieces: (string | Buffer)[]): string | Uint8Array {
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('');
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}

async function* ndjson(pages: AsyncIterable<LogRecord[]>, { stream }: LogForm): AsyncGenerator<string> {
  for await (const records of pages) {
    const wanted = records.filter((record) => stream === null || record.stream === stream);
    if (wanted.length > 0) yield wanted.map((record) => `${JSON.stringify(record)}\n`).join('');
  }
}

async function* messages(pages: AsyncIterable<LogRecord[]>, form: LogForm): AsyncGenerator<SseMessage> {
  let lastId = form.afterId;
  for await (const records of pages) {
    for (const record of records) {
      if (form.stream === null || record.stream === form.stream) yield { id: record.id, data: record };
    }
    lastId = records.at(-1)?.id ?? lastId;
  }
  const status = await form.finalStatus();
  // A client that asks again from here, as EventSource does, is told that there is no more.
  if (status === null || isEnded(status)) yield { id: lastId, event: 'end', data: { status } };
}
