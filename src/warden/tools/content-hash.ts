import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

const PERMISSIONS = 0o7777;

/** Names, rights and bytes of everything in a directory, as hex of one SHA-256: the same content, the same hash. */
export async function contentHash(dir: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  for (const path of paths) {
    const found = await lstat(path);
    hash.update(`\0${relative(dir, path)}\0${(found.mode & PERMISSIONS).toString(8)}\0`);
    if (found.isFile()) hash.update(`file\0${found.size}\0`).update(await readFile(path));
    else if (found.isSymbolicLink()) hash.update(`link\0${await readlink(path)}`);
    else hash.update(found.isDirectory() ? 'directory' : 'other');
  }
  return hash.digest('hex');
}
