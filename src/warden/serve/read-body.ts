import type { IncomingMessage } from 'node:http';
import { WardenRefusal } from '../refusal.ts';

/**
 * The body as JSON; null where there is none. Only one whose length is said beforehand is read, and only up to `maxBytes`.
 * Throws 403 for what is longer, comes in pieces or is no JSON.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (encoding !== undefined) throw new WardenRefusal(403, 'A body must say its length');
  if (!/^\d{1,9}$/.test(length)) throw new WardenRefusal(403, 'The length of the body is no number');
  if (Number(length) > maxBytes) {
    throw new WardenRefusal(403, maxBytes === 0 ? 'This call has no body' : `The body has more than ${maxBytes} bytes`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (chunks.length === 0) return null;
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    throw new WardenRefusal(403, 'The body is no JSON');
  }
}
