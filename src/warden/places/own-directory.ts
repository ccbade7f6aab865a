import { lstat } from 'node:fs/promises';

const GROUP_MAY_WRITE = 0o020;
const OTHERS_MAY_WRITE = 0o002;

/**
 * Throws unless this is a directory, no symbolic link, of this process' user or root, that nobody else may write to: what
 * is checked in it could be another thing a moment later.
 */
export async function requireOwnDirectory(path: string): Promise<void> {
  const found = await lstat(path);
  const uid = process.getuid?.() ?? found.uid;
  if (!found.isDirectory()) throw new Error(`${path} is no directory`);
  if (found.uid !== uid && found.uid !== 0)
    throw new Error(`${path} belongs to user ${found.uid}, not to the warden's`);
  const isOwnGroup = found.gid === process.getgid?.();
  if ((found.mode & OTHERS_MAY_WRITE) !== 0 || ((found.mode & GROUP_MAY_WRITE) !== 0 && !isOwnGroup)) {
    throw new Error(`${path} can be written to by others than the warden's user`);
  }
}
