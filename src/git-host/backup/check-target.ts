import { mkdir, readdir, realpath } from 'node:fs/promises';
import { sep } from 'node:path';

/** Each copy has it from its beginning. */
const MARK = 'empty-home';

/**
 * Makes the directory of a copy, and throws unless it is empty or has an older copy: what is no part of the copy is removed
 * from it, so another directory's content would be lost.
 */
export async function checkTarget(dataDir: string, targetDir: string): Promise<void> {
  await mkdir(targetDir, { recursive: true, mode: 0o700 });
  const [from, to] = await Promise.all([realpath(dataDir), realpath(targetDir)]);
  if (`${to}${sep}`.startsWith(`${from}${sep}`) || `${from}${sep}`.startsWith(`${to}${sep}`)) {
    throw new Error(`A copy in ${targetDir} would write to the git host's own data. Name another directory.`);
  }
  const names = await readdir(to);
  if (names.length > 0 && !names.includes(MARK)) {
    throw new Error(`${targetDir} has other files than a copy of the git host. Name a new or empty directory.`);
  }
}
