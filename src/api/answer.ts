import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** What an operation answers with. */
export type Answer = (JsonAnswer | TextAnswer | StreamAnswer | EmptyAnswer) & { headers?: Record<string, string> };

interface JsonAnswer {
  status: number;
  json: unknown;
}

interface TextAnswer {
  status: number;
  type: string;
  text: string;
}

interface EmptyAnswer {
  status: 204;
}

/** An answer that may go on for long. */
export interface StreamAnswer {
  status: number;
  type: string;
  /** Ends when there is no more to say, or when the call's signal aborts. */
  chunks: AsyncIterable<string>;
  /** Written now and then, so that nobody between takes a silent connection for a dead one. */
  heartbeat?: string;
}

const HEARTBEAT_MS = 15_000;

export function isStream(answer: Answer): answer is StreamAnswer {
  return 'chunks' in answer;
}

export function sendWhole(res: ServerResponse, answer: Exclude<Answer, StreamAnswer>): void {
  if ('json' in answer) return send(res, answer, 'application/json', JSON.stringify(answer.json));
  if ('text' in answer) return send(res, answer, answer.type, answer.text);
  res.writeHead(answer.status, answer.headers).end();
}

/** Resolves when all is written. A client that reads slowly is waited for; cut short, the connection is closed. */
export async function sendStream(res: ServerResponse, answer: StreamAnswer, signal: AbortSignal): Promise<void> {
  res.writeHead(answer.status, { 'content-type': answer.type, 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  res.flushHeaders();
  const { heartbeat } = answer;
  const timer = setInterval(() => {
    if (heartbeat !== undefined && !res.writableNeedDrain) res.write(heartbeat);
  }, HEARTBEAT_MS);
  try {
    for await (const chunk of answer.chunks) {
      if (signal.aborted) break;
      if (!res.write(chunk)) await once(res, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(timer);
  }
  // Ended in order, a text that stops in the middle would look complete.
  if (signal.aborted) res.destroy();
  else res.end();
}

function send(res: ServerResponse, answer: Answer, type: string, text: string): void {
  res.writeHead(answer.status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...answer.headers,
  });
  res.end(text);
}
