import { isUtf8 } from 'node:buffer';

const NO_BYTES = Buffer.alloc(0);

/** Whether bytes that come in pieces are UTF-8. */
export class Utf8Check {
  /** The beginning of a character that the next piece ends. */
  #half = NO_BYTES;

  /** False when they are not. */
  push(piece: Buffer): boolean {
    const bytes = this.#half.length === 0 ? piece : Buffer.concat([this.#half, piece]);
    const end = wholeCharactersEnd(bytes);
    this.#half = end === bytes.length ? NO_BYTES : Buffer.from(bytes.subarray(end));
    return isUtf8(bytes.subarray(0, end));
  }

  /** Whether nothing of a character is missing. */
  isWhole(): boolean {
    return this.#half.length === 0;
  }
}

/** Where the last character begins when more bytes belong to it, else the end. */
function wholeCharactersEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    // A byte in the middle of a character: 10xxxxxx.
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
