import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';

/** The body as its sender has it; git packs what is long. */
export function bodyOf(req: IncomingMessage): AsyncIterable<Uint8Array> {
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'gzip' && encoding !== 'x-gzip') return req;
  const plain = createGunzip();
  req.on('error', (error) => plain.destroy(error));
  return req.pipe(plain);
}
