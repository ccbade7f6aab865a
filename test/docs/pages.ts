import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** The documents, as paths from the root. */
export async function listPages(): Promise<string[]> {
  const texts = (await readdir(ROOT)).filter((name) => name.endsWith('.md'));
  const docs = (await readdir(join(ROOT, 'docs'), { recursive: true })).filter((name) => name.endsWith('.md'));
  return [...texts, ...docs.map((name) => join('docs', name))];
}
