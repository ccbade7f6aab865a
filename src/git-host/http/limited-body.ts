import type { IncomingMessage } from 'node:http';
import { HostError } from './host-error.ts';

/**
 * The request's body, piece by piece. Throws `too_large` before the first piece where its length is announced, else as soon as
 * it is longer, `unsupported_media_type` for a body in another form, and the signal's reason when it is aborted. What is left
 * of a body that is too large is read and dropped, so that the client gets its answer.
 */
export async function* limitedBody(
  req: IncomingMessage,
  options: { maxBytes: number; what: string; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const { maxBytes, what, signal } = options;
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new HostError('unsupported_media_type', 'send the body without Content-Encoding');
  }
  const tooLarge = new HostError('too_large', `${what} is larger than ${maxBytes} bytes`);
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  let size = 0;
  const pieces = req.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    for (;;) {
      const next = await Promise.race([pieces.next(), aborted.promise]);
      if (next.done === true) return;
      const piece = next.value as Buffer;
      size += piece.length;
      if (size > maxBytes) throw tooLarge;
      yield piece;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    void pieces.return?.();
    req.resume();
  }
}
