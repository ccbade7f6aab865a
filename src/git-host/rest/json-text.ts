import { StringDecoder } from 'node:string_decoder';

/** Makes text in UTF-8, which comes in pieces, the inside of a JSON string. */
export function createJsonText(): { push(piece: Buffer): string } {
  // Holds back the beginning of a character that the next piece ends.
  const decoder = new StringDecoder('utf8');
  return { push: (piece) => JSON.stringify(decoder.write(piece)).slice(1, -1) };
}
