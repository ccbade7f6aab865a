import { access, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { listPages, ROOT } from './pages.ts';

/** A link or an image of Markdown; what leads to another host or within the page is not followed. */
const LINK = /\]\(([^)\s#]+)[^)]*\)/g;
const ELSEWHERE = /^[a-z]+:/;

test('every link in the documents leads to a file', async () => {
  const pages = await listPages();
  expect(pages).toContain('README.md');
  const dead = await Promise.all(pages.map(deadLinks));
  expect(dead.flat()).toEqual([]);
});

/** `PAGE: LINK` for each that leads nowhere. */
async function deadLinks(page: string): Promise<string[]> {
  const text = await readFile(join(ROOT, page), 'utf8');
  const links = [...text.matchAll(LINK)].map(([, link = '']) => link).filter((link) => !ELSEWHERE.test(link));
  const found = await Promise.all(
    links.map((link) =>
      access(resolve(ROOT, dirname(page), link)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return links.filter((_, index) => !found[index]).map((link) => `${page}: ${link}`);
}
