import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the sandbox image is built from. */
export const BUILD_CONTEXT = fileURLToPath(new URL('../../docker/', import.meta.url));

/** What of the build context the image depends on, relative to it. */
export const BUILD_INPUTS = ['sandbox.Dockerfile', 'sandbox'];

/** Says which content an image was built from: hex of a SHA-256. */
export const CONTENT_LABEL = 'daypass.content';

/** Names of the build's files and what is in them, as one hash: the same files, the same image. */
export async function contentOf(base: string): Promise<string> {
  const hash = createHash('sha256').update(base);
  for (const file of await buildFiles()) {
    hash.update(`\0${file}\0`).update(await readFile(join(BUILD_CONTEXT, file)));
  }
  return hash.digest('hex');
}

async function buildFiles(): Promise<string[]> {
  const [dockerfile = '', directory = ''] = BUILD_INPUTS;
  const entries = await readdir(join(BUILD_CONTEXT, directory), { recursive: true, withFileTypes: true });
  const inside = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return [dockerfile, ...inside.map((path) => path.slice(BUILD_CONTEXT.length)).toSorted()];
}
