import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Git } from './git.ts';

/**
 * Pushes the history of the checkout to `main` of the sample repo; a small history made for the purpose where the checkout
 * has none, or only a part of it, which git cannot push. Resolves with what was pushed, in words.
 */
export async function importHistory(git: Git, checkout: string, repoUrl: string): Promise<string> {
  if (await hasWholeHistory(git, checkout)) {
    await git(checkout, 'push', '--quiet', '--force', repoUrl, 'HEAD:refs/heads/main');
    return `${await git(checkout, 'rev-list', '--count', 'HEAD')} commits of this project`;
  }
  const dir = await mkdtemp(join(tmpdir(), 'daypass-sample-'));
  try {
    await git(dir, 'init', '--quiet');
    await writeFile(join(dir, 'README.md'), '# A sample\n\nAn agent leaves a note beside this file.\n');
    await git(dir, 'add', 'README.md');
    await git(dir, 'commit', '--quiet', '--message', 'Begin the sample');
    await git(dir, 'push', '--quiet', '--force', repoUrl, 'HEAD:refs/heads/main');
    return 'a small history, since this checkout has none that is whole';
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function hasWholeHistory(git: Git, checkout: string): Promise<boolean> {
  try {
    // A repository around the project is not the project's own.
    if ((await git(checkout, 'rev-parse', '--show-prefix')) !== '') return false;
    await git(checkout, 'rev-parse', '--verify', '--quiet', 'HEAD');
    return (await git(checkout, 'rev-parse', '--is-shallow-repository')) === 'false';
  } catch {
    return false;
  }
}
