import { readdir, rmdir, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const ATTEMPTS = 5;
const RETRY_MS = 10;

/**
 * Removes a directory that others may write to, with the files and empty directories in it. It never goes into one: whoever
 * writes there could put a link in its place between the look and the step, and have a process of more rights remove what
 * the link leads to. Safe to repeat; throws when something that is not empty lies there.
 */
export async function removeFlat(dir: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      for (const name of await readdir(dir)) await removeEntry(`${dir}/${name}`);
      return await rmdir(dir);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      // Something may have appeared meanwhile, such as a socket that is made right now.
      if (codeOf(error) !== 'ENOTEMPTY' || attempt === ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** One that is gone meanwhile is no trouble: another process may remove the same directory. */
async function removeEntry(path: string): Promise<void> {
  try {
    await unlink(path).catch((error: unknown) => {
      if (codeOf(error) !== 'EISDIR') throw error;
      return rmdir(path);
    });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
