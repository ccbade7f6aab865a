import { randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { passedOn } from '../free-buffers.ts';
import type { Share } from './budget.ts';
import type { FreeSpace } from './free-space.ts';

const WINDOW_BYTES = 256 * 1024;
const FIRST_CHUNK_BYTES = 4 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** A body that has arrived as a whole: a small one in memory, any other in a file that has no name any more. */
export interface ReceivedBody extends AsyncDisposable {
  readonly bytes: number;
  /** Null for one that is in memory. Its position is the beginning; what reads it by the descriptor moves it. */
  readonly file: FileHandle | null;
  /** The bytes of a range in pieces, each valid until the next is asked for. */
  read(start?: number, end?: number): AsyncGenerator<Buffer>;
}

/** Takes a body's bytes while they come, in whatever pieces. */
export class BodyStore {
  readonly #dir: string;
  readonly #share: Share;
  readonly #space: FreeSpace;
  /** Full ones, while the body is in memory. */
  #chunks: Buffer[] = [];
  /** What is being filled, and how far it is. Pieces are copied, as a client may send a byte at a time. */
  #chunk = Buffer.alloc(0);
  #filled = 0;
  #file: FileHandle | null = null;
  #fileBytes = 0;

  constructor(dir: string, share: Share, space: FreeSpace) {
    this.#dir = dir;
    this.#space = space;
    this.#share = share;
  }

  async append(piece: Buffer): Promise<void> {
    passedOn(piece.length);
    for (let at = 0; at < piece.length;) {
      if (this.#filled === this.#chunk.length) await this.#nextChunk(piece.length - at);
      const copied = piece.copy(this.#chunk, this.#filled, at);
      this.#filled += copied;
      at += copied;
    }
  }

  /** To be called once, when all bytes are in. */
  async finish(): Promise<ReceivedBody> {
    const dispose = (): Promise<void> => this.dispose();
    if (this.#file !== null) {
      await this.#flush(this.#file);
      this.#chunk = Buffer.alloc(0);
      this.#share.arrived();
      const [file, bytes] = [this.#file, this.#fileBytes];
      const window = new FileWindow(file);
      const read = (start = 0, end = bytes) => window.read(start, end);
      return { bytes, file, read, [Symbol.asyncDispose]: dispose };
    }
    const last = this.#chunk.subarray(0, this.#filled);
    const whole = this.#chunks.length === 0 ? last : Buffer.concat([...this.#chunks, last]);
    this.#chunks = [];
    this.#share.arrived();
    return {
      bytes: whole.length,
      file: null,
      async *read(start = 0, end = whole.length) {
        if (end > start) yield whole.subarray(start, end);
      },
      [Symbol.asyncDispose]: dispose,
    };
  }

  async dispose(): Promise<void> {
    this.#chunks = [];
    this.#share.end();
    await this.#file?.close();
  }

  async #nextChunk(wantedBytes: number): Promise<void> {
    if (this.#file !== null) return this.#flush(this.#file);
    const isFirst = this.#chunk.length === 0;
    const bytes = isFirst ? Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, wantedBytes)) : CHUNK_BYTES;
    if (!this.#share.takeMemory(bytes)) return this.#moveToDisk();
    if (this.#filled > 0) this.#chunks.push(this.#chunk);
    this.#chunk = Buffer.allocUnsafe(bytes);
    this.#filled = 0;
  }

  async #moveToDisk(): Promise<void> {
    const path = join(this.#dir, randomUUID());
    this.#file = await open(path, 'wx+', 0o600);
    // Nothing is left of it, however this process ends.
    await rm(path);
    for (const chunk of this.#chunks) await this.#write(this.#file, chunk);
    await this.#flush(this.#file);
    this.#chunks = [];
    this.#chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    this.#share.leaveMemory();
  }

  async #flush(file: FileHandle): Promise<void> {
    await this.#write(file, this.#chunk.subarray(0, this.#filled));
    this.#filled = 0;
  }

  async #write(file: FileHandle, bytes: Buffer): Promise<void> {
    this.#share.takeDisk(bytes.length);
    await this.#space.take(bytes.length);
    await writeAll(file, bytes, this.#fileBytes);
    this.#fileBytes += bytes.length;
  }
}

/** At a position, which leaves the file's own where it is. */
async function writeAll(file: FileHandle, piece: Buffer, position: number): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const { bytesWritten } = await file.write(piece, done, piece.length - done, position + done);
    done += bytesWritten;
  }
}

/** Reads ranges of a file, the short ones that follow each other from one piece of it. */
class FileWindow {
  readonly #file: FileHandle;
  #start = 0;
  #held: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end;) {
      const isHeld = at >= this.#start && at < this.#start + this.#held.length;
      if (!isHeld) await this.#moveTo(at);
      const from = at - this.#start;
      const piece = this.#held.subarray(from, Math.min(this.#held.length, from + end - at));
      if (piece.length === 0) throw new Error('a body ended before its end');
      at += piece.length;
      yield piece;
    }
  }

  async #moveTo(at: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
    const { bytesRead } = await this.#file.read(buffer, 0, WINDOW_BYTES, at);
    this.#start = at;
    this.#held = buffer.subarray(0, bytesRead);
  }
}
