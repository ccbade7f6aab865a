import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './pages.ts';

test('no program takes the path of a URL for one of the file system, where a blank is %20', async () => {
  const files = ['src', 'test', 'workers'].map(async (folder) =>
    (await readdir(join(ROOT, folder), { recursive: true })).map((file) => join(folder, file)),
  );
  const sources = (await Promise.all(files)).flat().filter((file) => /\.(ts|tsx|mjs)$/.test(file));
  const wrong = sources.map(async (file) => {
    const code = await readFile(join(ROOT, file), 'utf8');
    return /import\.meta\.url\)\s*\.pathname/.test(code) ? [file] : [];
  });
  expect((await Promise.all(wrong)).flat()).toEqual([]);
});
