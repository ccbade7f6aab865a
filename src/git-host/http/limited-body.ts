import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TooSmallPieces } from '../../http/small-pieces.ts';
import { HostError } from './host-error.ts';

export interface LimitedBodyOptions {
  maxBytes: number;
  /** Of a body that comes packed with gzip, once it is unpacked; without it such a body is refused. */
  maxUnpackedBytes?: number;
  what: string;
  signal: AbortSignal;
  /** Hears of the bytes as they arrive. */
  came?: (bytes: number) => void;
}

/**
 * The request's body, piece by piece and unpacked. Throws `too_large` before the first piece where its length is announced, else
 * as soon as it is longer, `unsupported_media_type` for a body in another form, `bad_value` for one that cannot be unpacked or comes
 * in tiny chunks, and the signal's reason when it is aborted. What is left of a body is not read.
 */
export async function* limitedBody(req: IncomingMessage, options: LimitedBodyOptions): AsyncGenerator<Buffer> {
  const { what, signal, came = () => {} } = options;
  const isPacked = isGzip(req);
  const maxBytes = isPacked ? Math.min(options.maxBytes, options.maxUnpackedBytes ?? 0) : options.maxBytes;
  if (isPacked ? options.maxUnpackedBytes === undefined : encodingOf(req) !== 'identity') {
    const may =
      options.maxUnpackedBytes === undefined
        ? 'send the body without Content-Encoding'
        : 'the body may be plain or gzip';
    throw new HostError('unsupported_media_type', may);
  }
  const tooLarge = new HostError('too_large', `${what} is larger than ${maxBytes} bytes`);
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const source = isPacked ? unpacked(req, came) : req;
  let size = 0;
  const pieces = source.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  // One wait at a time: a race with the signal's promise would keep every piece for as long as that promise.
  let giveUp = (_reason: unknown): void => {};
  const nextPiece = (): Promise<IteratorResult<Buffer>> => {
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Buffer>>();
    giveUp = reject;
    pieces.next().then(resolve, (error: unknown) => reject(refusalOf(error, isPacked)));
    return promise;
  };
  const abort = (): void => giveUp(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await nextPiece();
      if (next.done === true) return;
      const piece = next.value;
      size += piece.length;
      if (!isPacked) came(piece.length);
      if (size > maxBytes) throw tooLarge;
      yield piece;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    void pieces.return?.();
    if (source !== req) {
      req.unpipe();
      source.destroy();
    }
  }
}

function unpacked(req: IncomingMessage, came: (bytes: number) => void): Readable {
  const plain = createGunzip();
  req.on('data', (piece: Buffer) => came(piece.length)).once('error', (error) => plain.destroy(error));
  return req.pipe(plain);
}

function refusalOf(error: unknown, isPacked: boolean): unknown {
  if (error instanceof TooSmallPieces) return new HostError('bad_value', error.message);
  return isPacked ? new HostError('bad_value', 'the body is not valid gzip', { cause: error }) : error;
}

function encodingOf(req: IncomingMessage): string {
  return req.headers['content-encoding'] ?? 'identity';
}

function isGzip(req: IncomingMessage): boolean {
  return ['gzip', 'x-gzip'].includes(encodingOf(req));
}
