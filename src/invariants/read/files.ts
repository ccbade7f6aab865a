import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The content of every regular file below a directory; what goes away while it is read is left out. */
export async function readFiles(dir: string): Promise<{ place: string; bytes: Buffer }[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const read = await Promise.all(
    files.map(async (place) => ({ place, bytes: await readFile(place).catch(() => null) })),
  );
  return read.flatMap(({ place, bytes }) => (bytes === null ? [] : [{ place, bytes }]));
}
