import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitFailed, runGit } from '../git/run-git.ts';
import { DEFAULT_BRANCH } from './repo-dirs.ts';

/** A repo on disk and what git needs to work on it. */
export interface RepoPlace {
  repoDir: string;
  homeDir: string;
  signal: AbortSignal;
}

export interface Head {
  /** The default branch's full name, such as refs/heads/main. It need not exist yet. */
  ref: string;
  /** The commit it is at; null when it does not exist yet. */
  commit: string | null;
}

export async function readHead(place: RepoPlace): Promise<Head> {
  const text = await readFile(join(place.repoDir, 'HEAD'), 'utf8');
  const [, ref] = /^ref: (refs\/heads\/.+)\n$/.exec(text) ?? [];
  if (ref === undefined) throw new Error(`HEAD of ${place.repoDir} names no branch`);
  try {
    const args = ['rev-parse', '--verify', '--quiet', ref];
    return { ref, commit: (await runGit({ ...place, args })).toString().trim() };
  } catch (error) {
    // Exit code 1 is rev-parse's word for a ref that is not there.
    if (error instanceof GitFailed && error.exitCode === 1) return { ref, commit: null };
    throw error;
  }
}

/** All refs with where they are, and HEAD, as one text: equal texts mean that nothing moved. */
export async function listRefs(place: RepoPlace): Promise<string> {
  const refs = await runGit({ ...place, args: ['for-each-ref', '--format=%(objectname) %(refname)'] });
  return `${await readFile(join(place.repoDir, 'HEAD'), 'utf8')}${refs.toString()}`;
}

/**
 * Points HEAD at a branch that exists, where the one it names does not: after an import whose branch is called otherwise. A
 * branch called master is preferred, then the first by name.
 */
export async function adoptBranch(place: RepoPlace): Promise<void> {
  const head = await readHead(place);
  if (head.commit !== null) return;
  const listing = await runGit({ ...place, args: ['for-each-ref', '--format=%(refname)', 'refs/heads/'] });
  const branches = listing.toString().split('\n').slice(0, -1);
  const preferred = [DEFAULT_BRANCH, 'master'].map((name) => `refs/heads/${name}`);
  const branch = preferred.find((ref) => branches.includes(ref)) ?? branches[0];
  if (branch !== undefined) await runGit({ ...place, args: ['symbolic-ref', 'HEAD', branch] });
}
