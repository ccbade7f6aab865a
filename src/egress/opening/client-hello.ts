/** What a TLS ClientHello says about where it wants to go. */
export interface ClientHello {
  /** As it was sent; null when it names no host. */
  serverName: string | null;
}

/** Extension type, from IANA's registry of TLS ExtensionType values. */
const SERVER_NAME = 0;
const HOST_NAME = 0;
const MAX_SESSION_ID_BYTES = 32;
const RANDOM_BYTES = 32;

/**
 * Reads the body of a ClientHello (RFC 8446, 4.1.2; server_name: RFC 6066, 3). null when it is anything but well formed to
 * its last byte, or could be read in two ways: an extension or a name given twice.
 */
export function readClientHello(body: Buffer): ClientHello | null {
  const reader = new Reader(body);
  reader.uint16();
  reader.take(RANDOM_BYTES);
  const sessionId = reader.vector8();
  const cipherSuites = reader.vector16();
  const compressions = reader.vector8();
  const extensions = reader.isEnd ? null : reader.vector16();
  if (reader.failed || !reader.isEnd) return null;
  if (sessionId.length > MAX_SESSION_ID_BYTES || compressions.length === 0) return null;
  if (cipherSuites.length === 0 || cipherSuites.length % 2 !== 0) return null;
  return readExtensions(extensions ?? Buffer.alloc(0));
}

function readExtensions(bytes: Buffer): ClientHello | null {
  const reader = new Reader(bytes);
  const seen = new Set<number>();
  const hello: ClientHello = { serverName: null };
  while (!reader.isEnd) {
    const type = reader.uint16();
    const data = reader.vector16();
    if (reader.failed || seen.has(type)) return null;
    seen.add(type);
    if (type !== SERVER_NAME) continue;
    hello.serverName = readServerName(data);
    if (hello.serverName === null) return null;
  }
  return hello;
}

function readServerName(bytes: Buffer): string | null {
  const list = new Reader(bytes);
  const entry = new Reader(list.vector16());
  const type = entry.uint8();
  const name = entry.vector16();
  const isWhole = !list.failed && list.isEnd && !entry.failed && entry.isEnd;
  return isWhole && type === HOST_NAME && name.length > 0 ? name.toString('latin1') : null;
}

/** Goes through bytes that may end too early: it gives nothing from there on, and says so. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  failed = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Buffer {
    if (this.failed || this.#at + length > this.#bytes.length) {
      this.failed = true;
      this.#at = this.#bytes.length;
      return Buffer.alloc(0);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint8(): number {
    return this.take(1)[0] ?? 0;
  }

  uint16(): number {
    const bytes = this.take(2);
    return this.failed ? 0 : bytes.readUInt16BE();
  }

  vector8(): Buffer {
    return this.take(this.uint8());
  }

  vector16(): Buffer {
    return this.take(this.uint16());
  }
}
