import type { Readable } from 'node:stream';
import { startGit } from '../git/git-process.ts';
import type { RepoPlace } from './head.ts';

/** Contents of objects, one after the other, by one git process. */
export interface Blobs extends AsyncDisposable {
  /** The content in pieces. It has to be read to its end before the next one. */
  read(objectId: string): AsyncGenerator<Buffer>;
}

/** The process is gone when it is disposed of. */
export function openBlobs(place: RepoPlace): Blobs {
  const left = new AbortController();
  const signal = AbortSignal.any([place.signal, left.signal]);
  const git = startGit({ ...place, signal, args: ['cat-file', '--batch'] });
  const output = new Pieces(git.stdout);
  return {
    async *read(objectId) {
      git.stdin.write(`${objectId}\n`);
      const header = await output.line();
      const [, size] = /^[0-9a-f]{40} blob (\d+)$/.exec(header) ?? [];
      if (size === undefined) throw new Error(`git has no content for ${objectId}: ${header}`);
      yield* output.bytes(Number(size));
      await output.line();
    },
    async [Symbol.asyncDispose]() {
      left.abort(new Error('nobody reads on'));
      await git.ended.catch(() => {});
    },
  };
}

/** Cuts a stream into lines and pieces of known length. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: Readable) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    let end = this.#held.indexOf('\n');
    for (; end === -1; end = this.#held.indexOf('\n')) this.#held = Buffer.concat([this.#held, await this.#next()]);
    const line = this.#held.toString('latin1', 0, end);
    this.#held = this.#held.subarray(end + 1);
    return line;
  }

  async *bytes(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (this.#held.length === 0) this.#held = await this.#next();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #next(): Promise<Buffer> {
    const next = await this.#source.next();
    if (next.done === true) throw new Error('git ended in the middle of an object');
    return next.value;
  }
}
