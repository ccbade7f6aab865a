import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SUITE } from '../attacks/suite.ts';
import { listPages, ROOT } from './pages.ts';

/** Code in a text that begins as a path of this repo does. Not of `docker/`, where files of the reader's own may be put. */
const NAMED = /`((?:src|workers|test|docs|\.ci)\/[\w./-]+)`/g;

test('every file that a document names is there', async () => {
  const missing = await Promise.all((await listPages()).map(missingFiles));
  expect(missing.flat()).toEqual([]);
});

test.each(['README.md', 'SECURITY.md'])('%s counts the attacks rightly', async (page) => {
  const counts = [...(await readFile(join(ROOT, page), 'utf8')).matchAll(/(\d+) attacks/g)].map(([, count]) => count);
  expect(counts).toEqual([`${SUITE.length}`]);
});

/** `PAGE: FILE` for each that is not there. */
async function missingFiles(page: string): Promise<string[]> {
  const text = await readFile(join(ROOT, page), 'utf8');
  const named = [...text.matchAll(NAMED)].map(([, file = '']) => file);
  const problems = await Promise.all(
    named.map((file) =>
      access(join(ROOT, file)).then(
        () => null,
        () => `${page}: ${file}`,
      ),
    ),
  );
  return problems.filter((problem) => problem !== null);
}
