import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../git/run-git.ts';
import { removeLeftovers } from './leftovers.ts';

export const DEFAULT_BRANCH = 'main';
/** Names that no repo can have: what is being made, and what is being removed. */
const HALF_MADE = '.new-';
const HALF_GONE = '.gone-';

/** Where the bare repos lie: `ROOT/UUID.git`, each there as a whole or not at all. */
export interface RepoDirs {
  /** An empty directory, HOME of every git process. */
  readonly homeDir: string;
  pathOf(repoId: string): string;
  /** Makes an empty repo, lets `fill` work on it, and puts it in its place only then. */
  create<T>(repoId: string, signal: AbortSignal, fill: (repoDir: string) => Promise<T>): Promise<T>;
  /** Makes an empty repo for as long as `work` needs it. */
  scratch<T>(signal: AbortSignal, work: (repoDir: string) => Promise<T>): Promise<T>;
  /** Nothing there is success. */
  remove(repoId: string): Promise<void>;
}

/** Opens the directory under `dataDir`, and clears away what a killed process left in it. */
export async function openRepoDirs(dataDir: string): Promise<RepoDirs> {
  const root = join(dataDir, 'repos');
  const homeDir = join(dataDir, 'empty-home');
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(homeDir, { recursive: true, mode: 0o500 });
  await sweep(root);
  /** What is still there when the work is over is removed. */
  const scratch = async <T>(name: string, signal: AbortSignal, work: (repoDir: string) => Promise<T>): Promise<T> => {
    const temporary = join(root, `${HALF_MADE}${name}`);
    await mkdir(temporary, { mode: 0o700 });
    try {
      const args = ['init', '--quiet', '--bare', '--template=', `--initial-branch=${DEFAULT_BRANCH}`, temporary];
      await runGit({ args, repoDir: temporary, homeDir, signal });
      return await work(temporary);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  };
  return {
    homeDir,
    pathOf: (repoId) => join(root, `${repoId}.git`),
    create: (repoId, signal, fill) =>
      scratch(repoId, signal, async (temporary) => {
        const result = await fill(temporary);
        await rename(temporary, join(root, `${repoId}.git`));
        await syncDirectory(root);
        return result;
      }),
    scratch: (signal, work) => scratch(randomUUID(), signal, work),
    async remove(repoId) {
      const gone = join(root, `${HALF_GONE}${repoId}`);
      try {
        await rename(join(root, `${repoId}.git`), gone);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
        throw error;
      }
      await rm(gone, { recursive: true, force: true });
    },
  };
}

/** This process alone writes here, so what is half done at its start was left by one that was killed. */
async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const isHalf = name.startsWith(HALF_MADE) || name.startsWith(HALF_GONE);
    if (isHalf) await rm(join(root, name), { recursive: true, force: true });
    else if (name.endsWith('.git')) removeLeftovers(join(root, name));
  }
}

/** Makes a rename in the directory survive a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
