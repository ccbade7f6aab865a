import { readClientHello, type ClientHello } from './client-hello.ts';

/** What a connection begins with. `broken` is TLS that is not as it should be, or is longer than anybody needs. */
export type Opening = { kind: 'tls'; hello: ClientHello } | { kind: 'http' } | { kind: 'other' } | { kind: 'broken' };

/** Of TLS: a handshake record, and in it a ClientHello. From RFC 8446, 4 and 5.1. */
const HANDSHAKE_RECORD = 0x16;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const MAX_RECORD_BYTES = 16_384;
/** Post-quantum keys and session tickets take a few KiB. */
const MAX_HELLO_BYTES = 16_384;
/** With the headers of its records; however small those are, it is read in linear time. */
const MAX_OPENING_BYTES = 65_536;

/**
 * Reads the beginning of a connection as it comes, in whatever pieces: the ClientHello of TLS to its end, of HTTP the
 * first letter of its method. Everything pushed is kept, to be sent on.
 */
export class OpeningReader {
  readonly #pieces: Buffer[] = [];
  #length = 0;
  readonly #header = Buffer.alloc(RECORD_HEADER_BYTES);
  #headerLength = 0;
  /** Bytes of the record that are still to come. */
  #recordLeft = 0;
  readonly #message = Buffer.alloc(MESSAGE_HEADER_BYTES + MAX_HELLO_BYTES);
  #messageLength = 0;

  /** Everything that was pushed. */
  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** null: more is needed. Not to be called again once it has answered. */
  push(piece: Buffer): Opening | null {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const first = this.#pieces.find(({ length }) => length > 0)?.[0];
    if (first === undefined) return null;
    // A method of HTTP is in capital letters; no TLS record begins with one.
    if (first >= 0x41 && first <= 0x5a) return { kind: 'http' };
    if (first !== HANDSHAKE_RECORD) return { kind: 'other' };
    const opening = this.#readRecords(piece);
    return opening === null && this.#length > MAX_OPENING_BYTES ? { kind: 'broken' } : opening;
  }

  #readRecords(piece: Buffer): Opening | null {
    let at = 0;
    while (at < piece.length) {
      if (this.#recordLeft === 0) {
        const taken = piece.copy(this.#header, this.#headerLength, at, at + RECORD_HEADER_BYTES - this.#headerLength);
        at += taken;
        this.#headerLength += taken;
        if (this.#headerLength < RECORD_HEADER_BYTES) return null;
        if (!this.#beginRecord()) return { kind: 'broken' };
        continue;
      }
      const end = Math.min(piece.length, at + this.#recordLeft);
      if (this.#messageLength + end - at > this.#message.length) return { kind: 'broken' };
      this.#messageLength += piece.copy(this.#message, this.#messageLength, at, end);
      this.#recordLeft -= end - at;
      at = end;
      const opening = this.#readMessage();
      if (opening !== null) return opening;
    }
    return null;
  }

  /** An empty record is forbidden, and another kind of record cannot come before the ClientHello has ended. */
  #beginRecord(): boolean {
    this.#headerLength = 0;
    this.#recordLeft = this.#header.readUInt16BE(3);
    const isHandshake = this.#header[0] === HANDSHAKE_RECORD && this.#header[1] === 3;
    return isHandshake && this.#recordLeft > 0 && this.#recordLeft <= MAX_RECORD_BYTES;
  }

  #readMessage(): Opening | null {
    if (this.#messageLength === 0) return null;
    if (this.#message[0] !== CLIENT_HELLO) return { kind: 'broken' };
    if (this.#messageLength < MESSAGE_HEADER_BYTES) return null;
    const end = MESSAGE_HEADER_BYTES + this.#message.readUIntBE(1, 3);
    if (end > this.#message.length) return { kind: 'broken' };
    // Nothing may follow it in its record: a server has to answer first.
    if (this.#messageLength > end || (this.#messageLength === end && this.#recordLeft > 0)) return { kind: 'broken' };
    if (this.#messageLength < end) return null;
    const hello = readClientHello(this.#message.subarray(MESSAGE_HEADER_BYTES, end));
    return hello === null ? { kind: 'broken' } : { kind: 'tls', hello };
  }
}
