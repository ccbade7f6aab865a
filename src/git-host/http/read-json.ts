import type { IncomingMessage } from 'node:http';
import { HostError } from './host-error.ts';

/** Room for one file of the largest size with its JSON escapes; a larger tree comes by git push, which streams. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * The request's body as JSON; an absent body is `undefined`. Throws `too_large`, `bad_value`, and the signal's reason as
 * soon as it is aborted. A body that is too large is read to its end and dropped, so that the client gets its answer.
 */
export async function readJson(req: IncomingMessage, signal: AbortSignal): Promise<unknown> {
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new HostError('unsupported_media_type', 'send the body without Content-Encoding');
  }
  const body = await readBody(req, signal);
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new HostError('bad_value', 'the body is not valid JSON', { cause: error });
  }
}

async function readBody(req: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const tooLarge = new HostError('too_large', `the body is larger than ${MAX_JSON_BYTES} bytes`);
  if (Number(req.headers['content-length'] ?? 0) > MAX_JSON_BYTES) throw tooLarge;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) reject(tooLarge);
    else chunks.push(chunk);
  };
  const abort = (): void => reject(signal.reason);
  req.on('data', take);
  req.once('end', () => resolve(Buffer.concat(chunks)));
  req.once('error', reject);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await promise;
  } finally {
    req.off('data', take);
    req.resume();
    signal.removeEventListener('abort', abort);
  }
}
