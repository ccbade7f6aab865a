import { z } from 'zod';
import { logRecordSchema } from '../../api/schemas/log-record.ts';
import { forReading } from '../../api/schemas/reading.ts';
import type { LogRecord, LogStream } from '../../session/log-record.ts';
import type { ApiClient } from '../up/installation/api-client.ts';
import { Patience, type PatienceOptions } from './patience.ts';

export interface LogWish {
  sessionId: string;
  /** Whether to wait for more until the session has ended. */
  keepsOn: boolean;
  /** Records after this one. */
  after?: string;
  stream?: LogStream;
}

/**
 * A session's log, each record once and none left out, however often the connection breaks or the API is restarted: it is
 * asked to go on after the last one. Throws what the API refuses, and what lasts for longer than patience does.
 */
export async function* followLog(
  client: ApiClient,
  { sessionId, keepsOn, after = '0', stream }: LogWish,
  options: PatienceOptions,
): AsyncGenerator<LogRecord, void> {
  const patience = new Patience(options);
  let lastId = after;
  for (;;) {
    const query = new URLSearchParams({ follow: `${keepsOn}`, after: lastId, ...(stream && { stream }) });
    const path = `/v1/sessions/${encodeURIComponent(sessionId)}/logs?${query.toString()}`;
    // Ended in order, though the session has not, when the API is being shut down.
    let trouble: unknown = new TypeError('The API ended the stream');
    try {
      for await (const { event, data } of client.follow(path, options.signal, () => patience.succeeded())) {
        if (event === 'end') return;
        if (event !== 'message') continue;
        const record = toRecord(data, lastId);
        lastId = record.id;
        yield record;
      }
      if (!keepsOn) return;
    } catch (error) {
      trouble = error;
    }
    await patience.afterFailure(trouble);
  }
}

/** A line that cannot be read is told of in its place. */
function toRecord(data: unknown, lastId: string): LogRecord {
  const read = forReading(logRecordSchema).safeParse(data);
  // Of a stream that is not known here, or with more than is: for who prints it, or passes it on.
  if (read.success) return read.data as LogRecord;
  const field = read.error.issues[0]?.path.join('.') ?? '';
  const text = `A line of the log, after line ${lastId}, is left out: its ${field} cannot be read.`;
  return { id: idOf(data) ?? lastId, time: new Date().toISOString(), stream: 'system', text, code: 'unreadable' };
}

function idOf(data: unknown): string | undefined {
  return z.looseObject({ id: z.string().regex(/^\d{1,15}$/) }).safeParse(data).data?.id;
}
