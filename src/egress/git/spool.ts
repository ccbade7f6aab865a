import { createReadStream } from 'node:fs';
import { link, mkdir, mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createRoom, type Holding } from '../limits/room.ts';

/*
 * Bodies of requests to the repo host, until they are whole: a client that sends slowly, or never ends, holds no connection
 * to the host, no place of the push check and no lock there, but its own session's room alone.
 */

/** Small bodies, such as most of a fetch, need no file. */
const IN_MEMORY_BYTES = 64 * 1024;
/** Of what one body may be: all of a session's, and those of all sessions. */
const PER_SESSION = 2;
const ALL_TOGETHER = 8;

/** A body, as far as there was room for it. */
export interface Kept extends AsyncDisposable {
  readonly bytes: number;
  /** Why the end of it was not waited for; null: it is whole. */
  readonly problem: string | null;
  /** A directory of its own; made when it is asked for first. */
  home(): Promise<string>;
  /** Room for more that belongs to it, such as what is fetched to look into it; a reason where there is none. */
  take(bytes: number): string | null;
  /** All that was kept, in a file at this path below its home. */
  placeAt(path: string): Promise<void>;
  /** All that was kept, and behind it the rest of a body that is not whole, which can be read once. */
  read(): AsyncGenerator<Uint8Array>;
}

export interface Spool {
  /**
   * Reads a session's body to its end, or for as long as there is room. Rejects as the body does. `giveWay` is called when
   * others need the room: it must end the request.
   */
  keep(sessionKey: string, body: AsyncIterable<Uint8Array>, giveWay: (reason: Error) => void): Promise<Kept>;
}

/** `dir` is emptied first: it may hold what an earlier life of this process has left. */
export async function openSpool(dir: string, maxBodyBytes: number): Promise<Spool> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const room = createRoom({
    perHolding: maxBodyBytes,
    perKey: PER_SESSION * maxBodyBytes,
    inAll: ALL_TOGETHER * maxBodyBytes,
  });
  return {
    async keep(sessionKey, body, giveWay) {
      const kept = new KeptBody(dir, room.hold(sessionKey, giveWay), body[Symbol.asyncIterator]());
      try {
        await kept.fill();
        return kept;
      } catch (error) {
        await kept[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}

class KeptBody implements Kept {
  bytes = 0;
  problem: string | null = null;
  readonly #dir: string;
  readonly #holding: Holding;
  readonly #rest: AsyncIterator<Uint8Array>;
  #home: Promise<string> | null = null;
  #inMemory: Uint8Array[] = [];
  #file: FileHandle | null = null;
  /** Was read, and there was no room for it. */
  #next: Uint8Array | null = null;

  constructor(dir: string, holding: Holding, rest: AsyncIterator<Uint8Array>) {
    this.#dir = dir;
    this.#holding = holding;
    this.#rest = rest;
  }

  async fill(): Promise<void> {
    for (let next = await this.#rest.next(); next.done !== true; next = await this.#rest.next()) {
      this.problem = this.#holding.take(next.value.length);
      if (this.problem !== null) {
        this.#next = next.value;
        break;
      }
      await this.#append(next.value);
    }
    await this.#file?.close();
  }

  home(): Promise<string> {
    this.#home ??= mkdtemp(join(this.#dir, 'push-'));
    return this.#home;
  }

  take(bytes: number): string | null {
    return this.#holding.take(bytes);
  }

  async placeAt(path: string): Promise<void> {
    if (this.#file === null) await writeFile(path, Buffer.concat(this.#inMemory));
    else await link(await this.#path(), path);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    yield* this.#inMemory;
    if (this.#file !== null) yield* createReadStream(await this.#path()) as AsyncIterable<Buffer>;
    if (this.problem === null) return;
    if (this.#next !== null) yield this.#next;
    for (let next = await this.#rest.next(); next.done !== true; next = await this.#rest.next()) yield next.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Already closed where the body came to its end.
    await this.#file?.close().catch(() => undefined);
    const home = await this.#home?.catch(() => null);
    if (home) await rm(home, { recursive: true, force: true, maxRetries: 5 });
    this.#holding[Symbol.dispose]();
  }

  async #path(): Promise<string> {
    return join(await this.home(), 'body');
  }

  async #append(piece: Uint8Array): Promise<void> {
    this.bytes += piece.length;
    if (this.#file === null && this.bytes <= IN_MEMORY_BYTES) return void this.#inMemory.push(piece);
    if (this.#file === null) {
      this.#file = await open(await this.#path(), 'wx', 0o600);
      await this.#file.writeFile(Buffer.concat(this.#inMemory));
      this.#inMemory = [];
    }
    await this.#file.writeFile(piece);
  }
}
