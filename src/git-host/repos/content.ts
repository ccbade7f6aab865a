import { createHash } from 'node:crypto';

/** The bytes of a file that is to be written. They may lie anywhere: they are read whenever they are needed. */
export interface Content {
  /** The object's name, 40 hex digits. */
  objectId: string;
  bytes: number;
  pieces(): AsyncIterable<Buffer>;
}

/** Contents up to this size are unpacked once for both their length and their name. */
const WHOLE_BYTES = 256 * 1024;

/** Reads the bytes for their length and name; of a large content there is never more than a piece in memory. */
export async function contentOf(pieces: () => AsyncIterable<Buffer>): Promise<Content> {
  let bytes = 0;
  const held: Buffer[] = [];
  for await (const piece of pieces()) {
    bytes += piece.length;
    if (bytes <= WHOLE_BYTES) held.push(piece);
    else held.length = 0;
  }
  const hash = createHash('sha1').update(`blob ${bytes}\0`);
  if (bytes <= WHOLE_BYTES) for (const piece of held) hash.update(piece);
  else for await (const piece of pieces()) hash.update(piece);
  return { objectId: hash.digest('hex'), bytes, pieces };
}

/** The same of a content that is in memory. */
export function contentOfBytes(bytes: Buffer): Promise<Content> {
  return contentOf(async function* () {
    yield bytes;
  });
}
