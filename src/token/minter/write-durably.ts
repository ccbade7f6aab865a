import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file that only this user may read, all of it or nothing. Resolves when it survives a loss of power; when it
 * rejects, nothing is left of the try. `temporary` lies in the same directory, and is replaced.
 */
export async function writeDurably(path: string, temporary: string, text: string): Promise<void> {
  const file = await open(temporary, 'w', 0o600);
  try {
    await closing(file, async () => {
      await file.writeFile(text);
      await file.sync();
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Finishes what another process had written to `temporary` and not renamed, without writing it again. */
export async function finishWriting(path: string, temporary: string): Promise<void> {
  const file = await open(temporary, 'r+');
  await closing(file, () => file.sync());
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** A renamed file is only there for good when its directory is on the disk too. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  await closing(handle, () => handle.sync());
}

async function closing(handle: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await handle.close();
  }
}
