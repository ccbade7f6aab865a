import { logRecordSchema } from '../../api/schemas/log-record.ts';
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
        const record = toRecord(data);
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

function toRecord(data: unknown): LogRecord {
  const { bytes, partial, code, ...record } = logRecordSchema.parse(data);
  return {
    ...record,
    ...(bytes !== undefined && { bytes }),
    ...(partial && { partial }),
    ...(code !== undefined && { code }),
  };
}
