import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Git } from './git.ts';

/** Fetches a branch's latest commit from the repo host, as anybody with a key would. Resolves with git's words about it. */
export async function readBack(git: Git, repoUrl: string, branch: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-read-back-'));
  try {
    await git(dir, 'init', '--quiet');
    // Its parent comes too, so that only what changed is shown.
    await git(dir, 'fetch', '--quiet', '--depth=2', repoUrl, `refs/heads/${branch}`);
    return await git(dir, 'log', '-1', '--stat', '--format=%h %an: %s', 'FETCH_HEAD');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
