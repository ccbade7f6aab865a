import { createBreath } from '../breath.ts';
import { passedOn } from '../free-buffers.ts';
import { startGit } from '../git/git-process.ts';
import { GitFailed } from '../git/run-git.ts';
import { HostError } from '../http/host-error.ts';
import type { BytePath } from './file-path.ts';
import type { RepoPlace } from './head.ts';

/** One line of `git ls-tree -l`. */
export interface ListedEntry {
  path: BytePath;
  /** Git's octal mode. */
  mode: string;
  objectId: string;
  /** Of a file or link; 0 for what has none. */
  sizeBytes: number;
}

/** Trees that hold each other list more files than there are bytes in the repo. */
const MAX_FILES = 2_000_000;
const MAX_LISTING_BYTES = 512 * 1024 ** 2;
/** What it takes to look at a path and at all that it lies in grows with the square of its length. */
const MAX_PATH_WORK = 4e10;
const BATCH_BYTES = 16 * 1024;

/** Parses `git ls-tree -z -l --full-tree`, with or without -r. */
export function parseListing(listing: Buffer): ListedEntry[] {
  const lines = listing.toString('latin1').split('\0').slice(0, -1);
  return lines.map((line) => {
    const tab = line.indexOf('\t');
    const [mode = '', , objectId = '', size = ''] = line.slice(0, tab).split(/ +/);
    return { path: line.slice(tab + 1), mode, objectId, sizeBytes: size === '-' ? 0 : Number(size) };
  });
}

/**
 * Every file of a commit, in batches, as fast as they are asked for; the caller keeps what it needs of them. The process is gone
 * when the iteration ends, also when it is broken off. Throws `too_large` for more files than any tree of people's hands has.
 */
export async function* listFiles(
  place: RepoPlace,
  commit: string,
  options: { sizes: boolean },
): AsyncGenerator<ListedEntry[]> {
  const left = new AbortController();
  const signal = AbortSignal.any([place.signal, left.signal]);
  const args = ['ls-tree', '-r', '-z', ...(options.sizes ? ['-l'] : []), '--full-tree', commit];
  const git = startGit({ ...place, signal, args });
  git.stdin.end();
  const breath = createBreath();
  let [count, bytesRead, work] = [0, 0, 0];
  let half: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of git.stdout as AsyncIterable<Buffer>) {
      bytesRead += piece.length;
      passedOn(piece.length);
      for (let at = 0; at < piece.length; at += BATCH_BYTES) {
        const bytes = Buffer.concat([half, piece.subarray(at, at + BATCH_BYTES)]);
        const end = bytes.lastIndexOf(0) + 1;
        half = bytes.subarray(end);
        const batch = parseListing(bytes.subarray(0, end));
        count += batch.length;
        for (const { path } of batch) work += path.length ** 2;
        if (count > MAX_FILES || bytesRead > MAX_LISTING_BYTES || work > MAX_PATH_WORK)
          throw new HostError('too_large', 'the commit lists too many files for this call; use git');
        if (batch.length > 0) yield batch;
        if (breath.isDue()) await breath.take();
      }
    }
    const { exitCode, stderr } = await git.ended;
    if (exitCode !== 0) throw new GitFailed('ls-tree', exitCode, stderr);
  } catch (error) {
    // The reason says more than the stream's own error.
    place.signal.throwIfAborted();
    throw error;
  } finally {
    left.abort(new Error('nobody reads on'));
    await git.ended.catch(() => {});
  }
}
