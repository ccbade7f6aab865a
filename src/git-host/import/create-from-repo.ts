import { runGit } from '../git/run-git.ts';
import { readHead, type RepoPlace } from '../repos/head.ts';

/** Fills an empty repo with all refs of another one here, and returns the default branch's commit. */
export async function createFromRepo(place: RepoPlace, sourceDir: string): Promise<string | null> {
  await fetchLocal(place, sourceDir, ['+refs/*:refs/*']);
  const { ref } = await readHead({ ...place, repoDir: sourceDir });
  await runGit({ ...place, args: ['symbolic-ref', 'HEAD', ref] });
  return (await readHead(place)).commit;
}

/** Copies from a repo here, whose objects were checked when they came. Pushes to it go on meanwhile. */
export async function fetchLocal(place: RepoPlace, sourceDir: string, refspecs: string[]): Promise<void> {
  const settings = ['-c', 'protocol.file.allow=always', '-c', 'fetch.fsckObjects=false', '-c', 'fetch.unpackLimit=1'];
  const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'];
  await runGit({ ...place, args: [...settings, 'fetch', ...options, sourceDir, ...refspecs] });
}
