import type { Host, RepoCall } from '../host.ts';
import { commitTree, type CommitResult } from './commit-tree.ts';
import type { TreeChange } from './operations.ts';

/** One commit on the default branch, under the repo's lock; throws what `commitTree` and the lock throw. */
export async function commitChange(
  host: Host,
  call: Pick<RepoCall, 'repo' | 'place' | 'signal'>,
  commit: { message: string; change: TreeChange },
): Promise<CommitResult> {
  return writeRepo(host, call, () => commitTree(call.place, { ...commit, timeMs: host.now() }));
}

/** Runs what moves the default branch, alone, and notes when it did. */
export async function writeRepo(
  host: Host,
  { repo, place, signal }: Pick<RepoCall, 'repo' | 'place' | 'signal'>,
  write: () => Promise<CommitResult>,
): Promise<CommitResult> {
  return host.locks.hold(repo.repoId, signal, async () => {
    const result = await host.writers.run(place.repoDir, write);
    if (result.changedFiles.length > 0) host.repos.touch(repo.repoId, host.now());
    return result;
  });
}
