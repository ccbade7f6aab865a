/*
 * Git's wire format: packets of four hex digits of length, themselves included, then the payload; lengths below four are
 * signs of their own. Source: gitprotocol-common(5).
 */

/** A sign, or the bytes of a packet. */
export type Packet = { kind: 'data'; payload: Buffer } | { kind: 'flush' | 'delimiter' | 'end' };

const HEADER_BYTES = 4;
const SIGNS = ['flush', 'delimiter', 'end'] as const;

export const FLUSH = Buffer.from('0000');

/** One packet; the payload has at most 65516 bytes. */
export function packet(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const length = (bytes.length + HEADER_BYTES).toString(16).padStart(HEADER_BYTES, '0');
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** The bytes are not in git's wire format. */
export class NotPackets extends Error {
  override readonly name = 'NotPackets';
}

/** Reads packets off the beginning of a stream whose rest is something else. Takes no more of it than it is asked for. */
export class PacketReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** null at the end of the stream. Throws `NotPackets`, also where the stream ends within a packet. */
  async next(): Promise<Packet | null> {
    const header = await this.#read(HEADER_BYTES);
    if (header === null) return null;
    const text = header.toString('latin1');
    if (!/^[0-9a-f]{4}$/i.test(text)) throw new NotPackets('there is something else where a packet is to be');
    const length = Number.parseInt(text, 16);
    if (length < HEADER_BYTES) {
      const kind = SIGNS[length];
      if (kind === undefined) throw new NotPackets('a packet has a length that none can have');
      return { kind };
    }
    const payload = await this.#read(length - HEADER_BYTES);
    if (payload === null && length > HEADER_BYTES) throw new NotPackets('the stream ends within a packet');
    return { kind: 'data', payload: payload ?? Buffer.alloc(0) };
  }

  /** Whatever follows. */
  async *rest(): AsyncGenerator<Buffer> {
    if (this.#held.length > 0) yield this.#held;
    this.#held = Buffer.alloc(0);
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next())
      yield Buffer.from(next.value);
  }

  async #read(bytes: number): Promise<Buffer | null> {
    const pieces = [this.#held];
    let length = this.#held.length;
    while (length < bytes) {
      const next = await this.#source.next();
      if (next.done === true) break;
      pieces.push(Buffer.from(next.value));
      length += next.value.length;
    }
    // What is held may be large and its packets small: it is not copied for each.
    const all = pieces.length === 1 ? this.#held : Buffer.concat(pieces);
    if (length < bytes) {
      if (length > 0) throw new NotPackets('the stream ends within a packet');
      return null;
    }
    this.#held = all.subarray(bytes);
    return all.subarray(0, bytes);
  }
}
