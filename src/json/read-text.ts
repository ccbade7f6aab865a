const [BACKSLASH, SMALL_U] = [0x5c, 0x75];
const ESCAPES = '"\\/bfnrt';
const ESCAPED = Buffer.from('"\\/\b\f\n\r\t');
const PLAIN_ESCAPES = new Map(Array.from(ESCAPED, (byte, at) => [ESCAPES.charCodeAt(at), byte]));
/** What an escape that is no character of its own, half of a pair, becomes in UTF-8. */
const REPLACEMENT = 0xfffd;

/**
 * The UTF-8 of a JSON string from the bytes between its quotes, which a scanner has found to be right, piece by piece: of a
 * large content there is never more in memory than a piece.
 */
export async function* readText(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new EscapeDecoder();
  for await (const piece of pieces) yield decoder.push(piece);
  const rest = decoder.end();
  if (rest.length > 0) yield rest;
}

class EscapeDecoder {
  /** Within an escape: after its backslash, or so many of its four digits are still to come. */
  #state: 'text' | 'escape' | number = 'text';
  #unit = 0;
  /** The first half of a pair whose second half is still to come. */
  #high: number | null = null;

  push(piece: Buffer): Buffer {
    if (this.#state === 'text' && this.#high === null && !piece.includes(BACKSLASH)) return piece;
    // An escape is never shorter than what it stands for, but a half of a pair may be left from the piece before.
    const out = Buffer.allocUnsafe(piece.length + 8);
    let length = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] as number;
      if (this.#state === 'text') {
        if (byte === BACKSLASH) {
          this.#state = 'escape';
          continue;
        }
        if (this.#high !== null) length = this.#endHigh(out, length);
        out[length++] = byte;
      } else if (this.#state === 'escape') {
        if (byte === SMALL_U) {
          this.#state = 4;
          this.#unit = 0;
          continue;
        }
        if (this.#high !== null) length = this.#endHigh(out, length);
        this.#state = 'text';
        out[length++] = PLAIN_ESCAPES.get(byte) ?? byte;
      } else {
        this.#unit = this.#unit * 16 + hexValue(byte);
        this.#state -= 1;
        if (this.#state > 0) continue;
        this.#state = 'text';
        length = this.#unitTo(out, length, this.#unit);
      }
    }
    return out.subarray(0, length);
  }

  end(): Buffer {
    const out = Buffer.alloc(3);
    return this.#high === null ? Buffer.alloc(0) : out.subarray(0, this.#endHigh(out, 0));
  }

  #unitTo(out: Buffer, length: number, unit: number): number {
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (this.#high !== null && isLow) {
      const character = 0x10000 + ((this.#high - 0xd800) << 10) + (unit - 0xdc00);
      this.#high = null;
      return length + out.write(String.fromCodePoint(character), length);
    }
    const from = this.#high === null ? length : this.#endHigh(out, length);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      this.#high = unit;
      return from;
    }
    return from + out.write(String.fromCodePoint(isLow ? REPLACEMENT : unit), from);
  }

  #endHigh(out: Buffer, length: number): number {
    this.#high = null;
    return length + out.write(String.fromCodePoint(REPLACEMENT), length);
  }
}

function hexValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}
