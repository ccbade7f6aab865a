import type { IncomingMessage } from 'node:http';
import { JsonProblem } from '../../json/limits.ts';
import { parseJson } from '../../json/parse.ts';
import { WardenRefusal } from '../refusal.ts';

/** A container's request has some hundred fields, and as many variables as its session asks for. */
const LIMITS = { depth: 16, containers: 1_000, scalars: 10_000, keys: 10_000, keyBytes: 1_024 };

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
    return parseJson(Buffer.concat(chunks), LIMITS);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw new WardenRefusal(403, `The body ${error.message}`);
  }
}
