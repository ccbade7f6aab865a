import { runGit } from '../git/run-git.ts';
import { fromBytePath, type BytePath } from './file-path.ts';
import type { RepoPlace } from './head.ts';
import { parseListing, type ListedEntry } from './listing.ts';

/** What a commit has at a path, directories (mode 040000) included; null where there is nothing. */
export async function findEntry(place: RepoPlace, commit: string, path: BytePath): Promise<ListedEntry | null> {
  // Without magic: the path is one that a client chose.
  const args = ['--literal-pathspecs', 'ls-tree', '-z', '-l', '--full-tree', commit, '--', fromBytePath(path)];
  const entries = parseListing(await runGit({ ...place, args }));
  return entries.find((entry) => entry.path === path) ?? null;
}
