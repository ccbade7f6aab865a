import { Duplex } from 'node:stream';
import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';

/** The first bytes that Node's own TLS sends: a record with a ClientHello. */
export async function realClientHello(options: ConnectionOptions): Promise<Buffer> {
  const wire = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      this.emit('sent', chunk);
      done();
    },
  });
  const sent = once(wire, 'sent');
  const client = connect({ ...options, socket: wire });
  client.on('error', () => undefined);
  const [bytes] = (await sent) as [Buffer];
  client.destroy();
  return bytes;
}

export interface HelloParts {
  /** Whole extensions, as `extension` makes them. */
  extensions?: Buffer[];
  sessionId?: Buffer;
  cipherSuites?: Buffer;
  compressions?: Buffer;
  /** After everything that belongs there. */
  rest?: Buffer;
}

const TLS_AES_128_GCM_SHA256 = Buffer.from([0x13, 0x01]);

/** The body of a ClientHello, right or wrong. */
export function helloBody(parts: HelloParts = {}): Buffer {
  const { sessionId = Buffer.alloc(0), cipherSuites = TLS_AES_128_GCM_SHA256, compressions = Buffer.of(0) } = parts;
  return Buffer.concat([
    Buffer.from([0x03, 0x03]),
    Buffer.alloc(32, 7),
    vector8(sessionId),
    vector16(cipherSuites),
    vector8(compressions),
    vector16(Buffer.concat(parts.extensions ?? [])),
    parts.rest ?? Buffer.alloc(0),
  ]);
}

export const extension = (type: number, data: Buffer): Buffer => Buffer.concat([uint16(type), vector16(data)]);

/** The extension server_name with these entries. */
export function serverNames(...names: string[]): Buffer {
  const entries = names.map((name) => Buffer.concat([Buffer.of(0), vector16(Buffer.from(name))]));
  return extension(0, vector16(Buffer.concat(entries)));
}

/** A ClientHello message with its header. */
export function helloMessage(body: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  header[0] = 1;
  return Buffer.concat([header, body]);
}

/** Handshake records that hold the bytes, cut at these places. */
export function records(message: Buffer, cuts: number[] = []): Buffer {
  const places = [0, ...cuts.filter((at) => at > 0 && at < message.length).toSorted((a, b) => a - b), message.length];
  const pieces = places.slice(1).map((end, i) => message.subarray(places[i], end));
  return Buffer.concat(
    pieces
      .filter(({ length }) => length > 0)
      .map((piece) => Buffer.concat([Buffer.from([0x16, 3, 1]), vector16(piece)])),
  );
}

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const vector8 = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(bytes.length), bytes]);
const vector16 = (bytes: Buffer): Buffer => Buffer.concat([uint16(bytes.length), bytes]);
