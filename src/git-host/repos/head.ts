import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startGit } from '../git/git-process.ts';
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

/** A digest of all refs with where they are, and HEAD: equal ones mean that nothing moved. */
export async function digestRefs(place: RepoPlace): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(place.repoDir, 'HEAD')));
  const git = startGit({ ...place, args: ['for-each-ref', '--format=%(objectname) %(refname)'] });
  git.stdin.end();
  git.stdout.on('data', (piece: Buffer) => hash.update(piece));
  const { exitCode, stderr } = await git.ended;
  if (exitCode !== 0) throw new GitFailed('for-each-ref', exitCode, stderr);
  return hash.digest('hex');
}

/**
 * Points HEAD at a branch that exists, where the one it names does not: after an import whose branch is called otherwise. A
 * branch called master is preferred, then the first by name.
 */
export async function adoptBranch(place: RepoPlace): Promise<void> {
  const head = await readHead(place);
  if (head.commit !== null) return;
  const preferred = [DEFAULT_BRANCH, 'master'].map((name) => `refs/heads/${name}`);
  const named = await branches(place, preferred);
  const branch = preferred.find((ref) => named.includes(ref)) ?? (await branches(place, ['refs/heads/']))[0];
  if (branch !== undefined) await runGit({ ...place, args: ['symbolic-ref', 'HEAD', branch] });
}

/** The first few by name. */
async function branches(place: RepoPlace, patterns: string[]): Promise<string[]> {
  const args = ['for-each-ref', '--count=2', '--format=%(refname)', ...patterns];
  return (await runGit({ ...place, args })).toString().split('\n').slice(0, -1);
}
