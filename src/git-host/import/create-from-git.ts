import { HostError } from '../http/host-error.ts';
import { runGit } from '../git/run-git.ts';
import { adoptBranch, readHead, type RepoPlace } from '../repos/head.ts';
import { resolveCommit } from '../repos/resolve-commit.ts';
import { fetchRemote, lookAt, type DialledRemote } from './fetch-remote.ts';

/**
 * Fills an empty repo with a remote's branches and tags, or with one branch and the tags on it, and returns the default branch's
 * commit: the remote's own, the branch that was asked for, or `hash`, at which that branch is set. null from a remote that has
 * no commit. Throws `bad_value` for a hash that is in none of what was fetched, and as `fetchRemote` does.
 */
export async function createFromGit(
  place: RepoPlace,
  remote: DialledRemote,
  wanted: { branch: string | null; hash: string | null },
): Promise<string | null> {
  const { branch, refs } = await choose(place, remote, wanted.branch);
  if (refs.length > 0) {
    const refspecs = refs.map((ref) => `+${ref}:${ref}`);
    await fetchRemote(place, remote, refspecs);
  }
  if (branch !== null) await runGit({ ...place, args: ['symbolic-ref', 'HEAD', branch] });
  await adoptBranch(place);
  if (wanted.hash !== null) await setHead(place, wanted.hash);
  return (await readHead(place)).commit;
}

/** The branch that becomes the default one, and what is fetched. */
async function choose(
  place: RepoPlace,
  remote: DialledRemote,
  name: string | null,
): Promise<{ branch: string | null; refs: string[] }> {
  if (name !== null) return { branch: `refs/heads/${name}`, refs: [`refs/heads/${name}`] };
  const { head, isEmpty } = await lookAt(place, remote);
  // Git takes it for a failure when it is to fetch and there is nothing.
  return { branch: head, refs: isEmpty ? [] : ['refs/heads/*', 'refs/tags/*'] };
}

async function setHead(place: RepoPlace, hash: string): Promise<void> {
  const commit = await resolveCommit(place, hash).catch((cause: unknown) => {
    throw new HostError('bad_value', 'source.hash: no commit of this name was fetched', { cause });
  });
  const { ref } = await readHead(place);
  await runGit({ ...place, args: ['update-ref', ref, commit ?? ''] });
}
