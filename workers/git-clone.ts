import type { SessionRepo } from '../src/session/record.ts';

/** A full commit id, SHA-1 or SHA-256; a branch of such a name is asked for as `refs/heads/…`. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
const BRANCH = /^refs\/heads\//;
const TAG = /^refs\/tags\//;

/** The git commands that clone a repo into `dir`, in order; each an argument list, no shell in between. */
export function cloneCommands({ ref, depth }: SessionRepo, url: string, dir: string): string[][] {
  const shallow = depth === null ? [] : ['--depth', String(depth)];
  if (ref !== null && COMMIT.test(ref)) return detached(ref.toLowerCase(), ref.toLowerCase(), { url, dir, depth });
  // By its short name, a branch of the same name would come first.
  if (ref !== null && TAG.test(ref)) return detached(`+${ref}:${ref}`, ref, { url, dir, depth });
  // A branch or a tag by its short name; HEAD is what git takes by itself.
  const name = ref === 'HEAD' ? undefined : ref?.replace(BRANCH, '');
  const branch = name === undefined ? [] : ['--branch', name];
  return [['git', 'clone', '--progress', ...shallow, ...branches(depth), ...branch, '--', url, dir]];
}

/** Of what `git clone` does not take. Asking for a commit by its id also finds one that no branch leads to. */
function detached(
  refspec: string,
  commit: string,
  { url, dir, depth }: { url: string; dir: string; depth: number | null },
): string[][] {
  const shallow = depth === null ? [] : ['--depth', String(depth)];
  const allBranches = depth === null ? ['+refs/heads/*:refs/remotes/origin/*'] : [];
  return [
    ['git', 'init', '--quiet', '--', dir],
    ['git', '-C', dir, 'remote', 'add', 'origin', url],
    ['git', '-C', dir, 'fetch', '--progress', ...shallow, 'origin', refspec, ...allBranches],
    ['git', '-C', dir, 'checkout', '--quiet', '--detach', commit],
  ];
}

/** A shallow clone has one branch unless told otherwise; an agent should see the others to work with. */
function branches(depth: number | null): string[] {
  return depth === null ? [] : ['--no-single-branch'];
}

/** From it on, git reads what it is told by the environment alone, and takes over all of a clone's branches. */
const OLDEST_GIT = [2, 20] as const;

/** Of what `git --version` says: the version, if it is too old to clone, fetch and push in a sandbox; else null. Pure. */
export function tooOldGit(said: string): string | null {
  const [, version = '', major = '', minor = ''] = /^git version ((\d+)\.(\d+)\S*)/.exec(said) ?? [];
  if (version === '') return null;
  const isOld = Number(major) < OLDEST_GIT[0] || (Number(major) === OLDEST_GIT[0] && Number(minor) < OLDEST_GIT[1]);
  return isOld ? version : null;
}

export type CloneProblem = 'ref' | 'disk_full' | 'transport' | 'other';

/**
 * What git's last words mean.
 * - `ref`: the repo has no such branch, tag or commit.
 * - `disk_full`: the repo does not fit where it is cloned to.
 * - `transport`: the connection failed; trying again may help.
 * - `other`: everything else.
 *
 * Source of the wording: git 2.39's remote-curl.c, fetch-pack.c, builtin/clone.c and its HTTP errors.
 */
export function cloneProblem(stderr: string): CloneProblem {
  // First, since a transfer that cannot be stored breaks off.
  if (/No space left on device/i.test(stderr)) return 'disk_full';
  if (/Remote branch .* not found|couldn't find remote ref|not our ref|unable to read tree/i.test(stderr)) return 'ref';
  const transport =
    /Could not resolve host|Failed to connect|Connection (refused|reset|timed out)|Empty reply from server|early EOF|unexpected disconnect|hung up unexpectedly|RPC failed|returned error: (429|5\d\d)|Recv failure|Proxy CONNECT aborted/i;
  return transport.test(stderr) ? 'transport' : 'other';
}
