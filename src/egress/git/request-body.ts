import type { IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { paced } from '../paced.ts';
import type { GitCall } from './git-call.ts';
import { sentBy } from './patience.ts';
import { UnreadablePush } from './push-request.ts';

/** Git packs no push at all; what others pack is not to keep the gateway unpacking. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** The body as it is sent, at the meter's pace, from a client that is not too slow. */
export function bodyOf({ req, meters, patience }: Pick<GitCall, 'req' | 'meters' | 'patience'>) {
  return paced(sentBy(req, patience), meters.sent);
}

/** The same as its sender has it. Throws `UnreadablePush` where it unfolds to too much. */
export function unpackedBodyOf(call: Pick<GitCall, 'req' | 'meters' | 'patience'>): AsyncIterable<Uint8Array> {
  const sent = bodyOf(call);
  if (!isGzip(call.req)) return sent;
  const plain = createGunzip();
  // Whoever reads it hears of its errors.
  pipeline(Readable.from(sent, { objectMode: false }), plain, () => undefined);
  return bounded(plain);
}

async function* bounded(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of plain) {
    bytes += piece.length;
    if (bytes > MAX_UNPACKED_BYTES) throw new UnreadablePush('a push that is sent packed may not unfold to so much');
    yield piece;
  }
}

function isGzip({ headers }: IncomingMessage): boolean {
  const encoding = headers['content-encoding'] ?? 'identity';
  return encoding === 'gzip' || encoding === 'x-gzip';
}
