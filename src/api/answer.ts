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
  chunks: AsyncIterable<string | Uint8Array>;
  /** Written now and then, so that nobody between takes a silent connection for a dead one. Absent where it would be content. */
  heartbeat?: string;
}

/** When the system begins to ask whether a silent client is still there. One that is gone is noticed some ten seconds later. */
const PROBE_AFTER_MS = 30_000;

export function isStream(answer: Answer): answer is StreamAnswer {
  return 'chunks' in answer;
}

export function sendWhole(res: ServerResponse, answer: Exclude<Answer, StreamAnswer>): void {
  if ('json' in answer) return send(res, answer, 'application/json', JSON.stringify(answer.json));
  if ('text' in answer) return send(res, answer, answer.type, answer.text);
  res.writeHead(answer.status, answer.headers).end();
}

/**
 * Resolves when all is written. A client that reads slowly is waited for, and nothing more is read for it meanwhile; one
 * that reads nothing for `unreadMs` is cut, as is everybody when the signal aborts.
 */
export async function sendStream(
  res: ServerResponse,
  answer: StreamAnswer,
  { signal, unreadMs, heartbeatMs }: { signal: AbortSignal; unreadMs: number; heartbeatMs: number },
): Promise<void> {
  res.writeHead(answer.status, { 'content-type': answer.type, 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  res.flushHeaders();
  const { heartbeat } = answer;
  if (heartbeat === undefined) mayBeSilent(res);
  let isRead = true;
  const timer = setInterval(() => {
    if (heartbeat !== undefined && !res.writableNeedDrain) res.write(heartbeat);
  }, heartbeatMs);
  try {
    for await (const chunk of answer.chunks) {
      if (signal.aborted) break;
      if (!res.write(chunk)) isRead = await drained(res, signal, unreadMs);
      if (!isRead) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(timer);
  }
  // Ended in order, a text that stops in the middle would look complete.
  if (signal.aborted || !isRead) res.destroy();
  else res.end();
}

/** Nothing is to be heard for as long as nothing happens, so that whether the client is there is left to TCP. */
function mayBeSilent({ socket }: ServerResponse): void {
  socket?.setTimeout(0);
  socket?.setKeepAlive(true, PROBE_AFTER_MS);
}

/** False when the client has left too much unread for too long. */
async function drained(res: ServerResponse, signal: AbortSignal, unreadMs: number): Promise<boolean> {
  const late = AbortSignal.timeout(unreadMs);
  try {
    await once(res, 'drain', { signal: AbortSignal.any([signal, late]) });
    return true;
  } catch (error) {
    if (late.aborted) return false;
    throw error;
  }
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
