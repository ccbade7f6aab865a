import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commitTree } from '../../../src/git-host/repos/commit-tree.ts';
import { contentOfBytes } from '../../../src/git-host/repos/content.ts';
import { openRepoDirs } from '../../../src/git-host/repos/repo-dirs.ts';
import { replaceTree } from '../../../src/git-host/repos/operations.ts';
import { openGitClient } from '../support/git-client.ts';

test('a commit is refused with a conflict when the branch moved after its tree was read, even back to its parent', async () => {
  await using client = await openGitClient();
  const { signal } = new AbortController();
  const dirs = await openRepoDirs(client.path('data'), () => true);
  await dirs.create(
    'r',
    signal,
    async () => {},
    () => {},
  );
  const place = { repoDir: dirs.pathOf('r'), homeDir: dirs.homeDir, signal };
  const fileWith = async (text: string) =>
    replaceTree([{ filename: 'a', content: await contentOfBytes(Buffer.from(text)) }]);
  const write = async (content: string) =>
    commitTree(place, {
      message: 'm',
      timeMs: 0,
      change: await fileWith(content),
    });
  const [first, second] = [await write('1'), await write('2')];

  const late = commitTree(place, {
    message: 'late',
    timeMs: 0,
    change: {
      concerns: () => true,
      async apply(before) {
        execFileSync('git', [`--git-dir=${place.repoDir}`, 'update-ref', 'refs/heads/main', first.head ?? '']);
        return (await fileWith('3')).apply(before);
      },
    },
  });

  await expect(late).rejects.toMatchObject({ code: 'conflict' });
  expect(second.head).not.toBe(first.head);
  expect(await client.git(['rev-parse', 'main'], { cwd: 'data/repos/r.git' })).toBe(first.head);
});
