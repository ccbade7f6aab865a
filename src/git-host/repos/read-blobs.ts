import { Readable } from 'node:stream';
import { startGit } from '../git/git-process.ts';
import type { RepoPlace } from './head.ts';

/**
 * The contents of these objects, one after the other and each as a whole, as fast as they are asked for: there is never more
 * than one in memory, beside what the pipe holds. The process is gone when the iteration ends, also when it is broken off.
 */
export async function* readBlobs(place: RepoPlace, objectIds: Iterable<string>): AsyncGenerator<Buffer> {
  const left = new AbortController();
  const signal = AbortSignal.any([place.signal, left.signal]);
  const git = startGit({ ...place, signal, args: ['cat-file', '--batch'] });
  Readable.from(namesOf(objectIds)).pipe(git.stdin);
  const output = new Pieces(git.stdout);
  try {
    for (const objectId of objectIds) {
      const header = await output.line();
      const [, size] = /^[0-9a-f]{40} blob (\d+)$/.exec(header) ?? [];
      if (size === undefined) throw new Error(`git has no content for ${objectId}: ${header}`);
      const content = await output.bytes(Number(size) + 1);
      yield content.subarray(0, -1);
    }
  } finally {
    left.abort(new Error('nobody reads on'));
    await git.ended.catch(() => {});
  }
}

function* namesOf(objectIds: Iterable<string>): Generator<string> {
  for (const objectId of objectIds) yield `${objectId}\n`;
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

  async bytes(length: number): Promise<Buffer> {
    // Filled in place: a large object is not in memory twice.
    const all = Buffer.allocUnsafe(length);
    let size = this.#held.copy(all);
    this.#held = this.#held.subarray(size);
    while (size < length) {
      const piece = await this.#next();
      const taken = piece.copy(all, size);
      this.#held = piece.subarray(taken);
      size += taken;
    }
    return all;
  }

  async #next(): Promise<Buffer> {
    const next = await this.#source.next();
    if (next.done === true) throw new Error('git ended in the middle of an object');
    return next.value;
  }
}
