import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { Places } from './places.ts';

/** Contents by path below the root, as SHA-256. */
const madeFromSchema = z.record(z.string(), z.string());

/** Notes what a build was made from: the files it holds, and those that say how. */
export async function noteMadeFrom({ root, madeFrom }: Places, files: Iterable<string>): Promise<void> {
  const entries = [...files].toSorted().map(async (file) => [relative(root, file), await hashOf(file)] as const);
  await writeFile(madeFrom, JSON.stringify(Object.fromEntries(await Promise.all(entries)), null, 2));
}

/**
 * Whether there is a build and every file that it was made from is still the same. A file that is new is in no build
 * before one of these files names it.
 */
export async function isFresh({ root, madeFrom }: Places): Promise<boolean> {
  const text = await readFile(madeFrom, 'utf8').catch(() => null);
  if (text === null) return false;
  const noted = Object.entries(madeFromSchema.parse(JSON.parse(text)));
  const same = noted.map(async ([file, hash]) => (await hashOf(join(root, file))) === hash);
  return (await Promise.all(same)).every(Boolean);
}

/** null: it is not there. */
async function hashOf(file: string): Promise<string | null> {
  const content = await readFile(file).catch(() => null);
  return content && createHash('sha256').update(content).digest('hex');
}
