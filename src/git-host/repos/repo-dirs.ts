import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../git/run-git.ts';
import { removeLeftovers } from './leftovers.ts';

export const DEFAULT_BRANCH = 'main';
/** Names that no repo can have: what is being made, and what is being removed. */
const HALF_MADE = '.new-';
const HALF_GONE = '.gone-';
/** In a repo that may have no record yet, or none any more. Without it a repo is never removed for want of one. */
const UNSETTLED = 'daypass-unsettled';

/** Where the bare repos lie: `ROOT/UUID.git`, each there as a whole or not at all. */
export interface RepoDirs {
  /** An empty directory, HOME of every git process. */
  readonly homeDir: string;
  pathOf(repoId: string): string;
  /** Makes an empty repo, lets `fill` work on it, and puts it in its place only then. `record` makes it known last of all. */
  create<T>(repoId: string, signal: AbortSignal, fill: (repoDir: string) => Promise<T>, record: () => void): Promise<T>;
  /** Makes an empty repo for as long as `work` needs it. */
  scratch<T>(signal: AbortSignal, work: (repoDir: string) => Promise<T>): Promise<T>;
  /** Has to come before a repo's record goes: who is killed between that and `remove` leaves nothing for good. */
  prepareRemoval(repoId: string): Promise<void>;
  /** Nothing there is success. */
  remove(repoId: string): Promise<void>;
}

/**
 * Opens the directory under `dataDir`, and clears away what a killed process left in it. `isRecorded` says of a repo whether
 * it has a record.
 */
export async function openRepoDirs(dataDir: string, isRecorded: (repoId: string) => boolean): Promise<RepoDirs> {
  const root = join(dataDir, 'repos');
  const homeDir = join(dataDir, 'empty-home');
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(homeDir, { recursive: true, mode: 0o500 });
  await sweep(root, isRecorded);
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
    create: (repoId, signal, fill, record) =>
      scratch(repoId, signal, async (temporary) => {
        const result = await fill(temporary);
        await writeFile(join(temporary, UNSETTLED), '');
        await rename(temporary, join(root, `${repoId}.git`));
        await syncDirectory(root);
        record();
        await rm(join(root, `${repoId}.git`, UNSETTLED));
        return result;
      }),
    scratch: (signal, work) => scratch(randomUUID(), signal, work),
    prepareRemoval: (repoId) => writeFile(join(root, `${repoId}.git`, UNSETTLED), '').catch(absentIsFine),
    async remove(repoId) {
      const gone = join(root, `${HALF_GONE}${repoId}`);
      await rename(join(root, `${repoId}.git`), gone).catch(absentIsFine);
      await rm(gone, { recursive: true, force: true });
    },
  };
}

/** This process alone writes here, so what is half done at its start was left by one that was killed. */
async function sweep(root: string, isRecorded: (repoId: string) => boolean): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    const isRepo = name.endsWith('.git') && !name.startsWith('.');
    const isUnsettled = isRepo && existsSync(join(path, UNSETTLED));
    const isLost = isUnsettled && !isRecorded(name.slice(0, -'.git'.length));
    // A git that outlived its host may write there for another moment.
    if (isLost || isHalf(name)) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    else if (isRepo) removeLeftovers(path);
    if (isUnsettled && !isLost) await rm(join(path, UNSETTLED));
  }
}

function isHalf(name: string): boolean {
  return name.startsWith(HALF_MADE) || name.startsWith(HALF_GONE);
}

function absentIsFine(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
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
