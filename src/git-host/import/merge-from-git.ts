import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host, RepoCall } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { writeRepo } from '../repos/commit-change.ts';
import type { CommitResult } from '../repos/commit-tree.ts';
import { mergeCommit } from '../repos/merge-commit.ts';
import { resolveCommit } from '../repos/resolve-commit.ts';
import { fetchLocal } from './create-from-repo.ts';
import { fetchRemote } from './fetch-remote.ts';

const FETCHED = 'fetched';

/**
 * Brings a remote branch (its default one for null) into the default branch: by moving it where that loses nothing, else by a
 * merge. It is fetched beside the repo, which has nothing of a fetch that fails, and without the lock, so that a slow remote holds
 * up nobody. Throws what an import throws, and `bad_value` where git cannot merge.
 */
export async function mergeFromGit(
  host: Host,
  call: RepoCall,
  source: { url: string; branch: string | null },
): Promise<CommitResult> {
  const { place, signal } = call;
  return host.dirs.scratch(signal, async (scratchDir) => {
    // What is here already is not fetched again.
    await writeFile(join(scratchDir, 'objects', 'info', 'alternates'), `${join(place.repoDir, 'objects')}\n`);
    const scratch = { ...place, repoDir: scratchDir };
    const from = source.branch === null ? 'HEAD' : `refs/heads/${source.branch}`;
    await host.imports.run(scratch, source.url, (limited, remote) =>
      fetchRemote(limited, remote, [`+${from}:refs/heads/${FETCHED}`]),
    );
    const theirs = await resolveCommit(scratch, FETCHED);
    if (theirs === null) throw new HostError('bad_value', 'source.url: the remote has no commit');
    await host.writers.run(place.repoDir, () => fetchLocal(place, scratchDir, [`refs/heads/${FETCHED}`]));
    return writeRepo(host, call, () => mergeCommit(place, theirs));
  });
}
