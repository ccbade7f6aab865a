import { startGit } from '../git/git-process.ts';
import { collectOutput, GitFailed, runGit } from '../git/run-git.ts';
import { HostError } from '../http/host-error.ts';
import { moveBranch, type CommitResult } from './commit-tree.ts';
import { fromBytePath } from './file-path.ts';
import { readHead, type RepoPlace } from './head.ts';
import { COMMITTER } from './import-stream.ts';

const MAX_NAMED_CONFLICTS = 5;

/**
 * Brings a commit, whose objects are here, into the default branch: not at all where it is in it already, by moving the branch
 * where that loses nothing, else by a merge commit. Throws `bad_value` for conflicts and for histories with nothing in common.
 */
export async function mergeCommit(place: RepoPlace, theirs: string): Promise<CommitResult> {
  const head = await readHead(place);
  const ours = head.commit;
  if (ours !== null && (await isAncestor(place, theirs, ours))) return { head: ours, changedFiles: [] };
  const isForward = ours === null || (await isAncestor(place, ours, theirs));
  const next = isForward ? theirs : await merge(place, ours, theirs);
  await moveBranch(place, head, next);
  return { head: next, changedFiles: await changedFiles(place, ours, next) };
}

async function isAncestor(place: RepoPlace, older: string, newer: string): Promise<boolean> {
  try {
    await runGit({ ...place, args: ['merge-base', '--is-ancestor', older, newer] });
    return true;
  } catch (error) {
    if (error instanceof GitFailed && error.exitCode === 1) return false;
    throw error;
  }
}

async function merge(place: RepoPlace, ours: string, theirs: string): Promise<string> {
  const args = ['merge-tree', '--write-tree', '--no-messages', '--name-only', '-z', ours, theirs];
  const git = startGit({ ...place, args });
  git.stdin.end();
  const [bytes, { exitCode, stderr }] = await Promise.all([collectOutput(git.stdout), git.ended]);
  const output = bytes.toString();
  if (stderr.includes('unrelated histories'))
    throw new HostError(
      'bad_value',
      'the remote branch has no commit in common with this repo, so they cannot be merged',
    );
  if (exitCode > 1) throw new GitFailed('merge-tree', exitCode, stderr);
  const [tree = '', ...conflicts] = output.split('\0').filter((item) => item !== '');
  if (exitCode === 1) throw new HostError('bad_value', `the remote branch cannot be merged: ${namesOf(conflicts)}`);
  const parents = ['-p', ours, '-p', theirs];
  const who = ['-c', `user.name=${COMMITTER.name}`, '-c', `user.email=${COMMITTER.email}`];
  return (await runGit({ ...place, args: [...who, 'commit-tree', tree, ...parents, '-m', 'Merge remote branch'] }))
    .toString()
    .trim();
}

function namesOf(conflicts: string[]): string {
  const named = conflicts.slice(0, MAX_NAMED_CONFLICTS).join(', ');
  const more = conflicts.length - MAX_NAMED_CONFLICTS;
  return `conflicts in ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

async function changedFiles(place: RepoPlace, before: string | null, after: string): Promise<string[]> {
  const args =
    before === null
      ? ['ls-tree', '-r', '-z', '--name-only', '--full-tree', after]
      : ['diff-tree', '-r', '-z', '--name-only', '--no-renames', before, after];
  const names = (await runGit({ ...place, args })).toString('latin1').split('\0').slice(0, -1);
  return names.map(fromBytePath).toSorted();
}
