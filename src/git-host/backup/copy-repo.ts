import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MEMORY_SETTINGS } from '../git/git-settings.ts';
import { GitFailed, runGit } from '../git/run-git.ts';
import type { RepoPlace } from '../repos/head.ts';

/** Packs may be merged and removed under a copy that has opened them; the next try finds what took their place. */
const TRIES = 3;

/**
 * Brings the bare repo at `place`, which is made where it is missing, to what `source` is: all refs, and the objects that
 * they need. Git reads the refs at one moment and checks that nothing is missing. False when the source is gone.
 */
export async function copyRepo(source: string, place: RepoPlace): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    if (!existsSync(join(source, 'HEAD'))) return false;
    try {
      await runGit({ ...place, args: ['init', '--quiet', '--bare', '--template=', place.repoDir] });
      await runGit({ ...place, args: fetchFrom(source) });
      const head = await readFile(join(source, 'HEAD'), 'utf8');
      await runGit({ ...place, args: ['symbolic-ref', 'HEAD', head.replace(/^ref: /, '').trim()] });
      await runGit({ ...place, args: ['-c', 'gc.auto=2000', '-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet'] });
      return true;
    } catch (error) {
      const isWorthAnotherTry = error instanceof GitFailed || !existsSync(source);
      if (!isWorthAnotherTry || tries === TRIES) throw error;
    }
  }
}

function fetchFrom(source: string): string[] {
  // Git clears the settings of this process for the one that sends, and passes its command to a shell.
  const settings = { ...MEMORY_SETTINGS, 'safe.directory': '*', 'transfer.hideRefs': 'refs/daypass' };
  const options = Object.entries(settings).map(([name, value]) => `-c '${name}=${value}'`);
  const sender = `git ${options.join(' ')} upload-pack`;
  // What the host has let in was checked then, by rules of its own.
  const args = ['-c', 'fetch.fsckObjects=false', 'fetch', '--quiet', '--force', '--prune', '--no-write-fetch-head'];
  return [...args, '--upload-pack', sender, source, '+refs/*:refs/*'];
}
