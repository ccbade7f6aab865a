import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { paced } from '../paced.ts';
import type { Meter } from '../pump.ts';

/** The body as its sender has it, at the meter's pace; git packs what is long. */
export function bodyOf(req: IncomingMessage, meter: Meter): AsyncIterable<Uint8Array> {
  const sent = paced(req, meter);
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'gzip' && encoding !== 'x-gzip') return sent;
  const plain = createGunzip();
  const packed = Readable.from(sent, { objectMode: false });
  packed.on('error', (error) => plain.destroy(error));
  return packed.pipe(plain);
}
