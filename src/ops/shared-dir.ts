import { chmod, mkdir, stat } from 'node:fs/promises';

/*
 * Where two roles run as users of their own and share files, whoever installs Daypass makes the directory that they lie
 * in: it belongs to the one that writes, its group is the one of those that read, and it has the bit by which everything
 * below gets that group. Without the bit all of it is for one user alone.
 */

const GROUP_IS_INHERITED = 0o2000;
const PERMISSIONS = 0o7777;
const MODES = { read: 0o2750, write: 0o2770 };
/** For files in such a directory. Where that is of one user, nobody else gets as far as to them. */
export const SHARED_FILE_MODE = 0o640;

/**
 * Makes a directory for this user alone, or, below one that is shared, for its group besides. One that is there stays as
 * it is. Throws with what to do where it is missing and this user may not make it.
 */
export async function makeSharedDir(path: string, groupMay: keyof typeof MODES): Promise<void> {
  await makeDir(path, 0o700);
  const { mode, uid } = await stat(path);
  // As one is just after it was made below a shared one, be it in an earlier life.
  const isToBeShared = (mode & PERMISSIONS) === (0o700 | GROUP_IS_INHERITED) && uid === process.getuid?.();
  if (isToBeShared) await chmod(path, MODES[groupMay]);
}

/** Makes a directory with those above it, unless it is there. Throws with what to do where this user may not. */
export async function makeDir(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new Error(
      `${path} cannot be made by user ${process.getuid?.()}; make it for that user, or start the warden first`,
      {
        cause: error,
      },
    );
  }
}
