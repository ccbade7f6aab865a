import { startGit } from '../git/git-process.ts';
import { drained } from '../git/run-git.ts';
import type { RepoPlace } from './head.ts';

/**
 * Stores a stream as an object that nothing refers to yet, and returns its name. When the stream throws, nothing is stored,
 * and that is what is thrown.
 */
export async function writeBlob(place: RepoPlace, pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const broken = new AbortController();
  const signal = AbortSignal.any([place.signal, broken.signal]);
  const git = startGit({ ...place, signal, args: ['hash-object', '-w', '--stdin', '--no-filters'] });
  let name = '';
  git.stdout.setEncoding('latin1').on('data', (text: string) => (name += text));
  try {
    for await (const piece of pieces) {
      // A git that gave up reads nothing more, and says why when it has ended.
      if (git.stdin.destroyed) break;
      if (!git.stdin.write(piece)) await drained(git.stdin);
    }
    git.stdin.end();
  } catch (error) {
    broken.abort(error);
  }
  const { exitCode, stderr } = await git.ended;
  if (exitCode !== 0) throw new Error(`git hash-object exited with ${exitCode}: ${stderr.trim()}`);
  return name.trim();
}
