import { symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_CLONE_BYTES } from '../../src/git-host/rest/clone-repo.ts';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { ACCOUNT_KEY, createEmptyRepo, createRepo, openTestHost, type TestHost } from './support/test-host.ts';

describe('all files of a commit as JSON', () => {
  let host: TestHost;
  let client: GitClient;

  beforeAll(async () => {
    host = await openTestHost();
    client = await openGitClient();
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  test('each commit is there by its name, its first digits, its branch and its tag', async () => {
    const { repo } = host.sdk();
    const { id, head: first } = await createRepo(host, { a: '1' });
    await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'named']);
    await client.git(['tag', '-a', '-m', 'One', 'v1'], { cwd: 'named' });
    await client.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/feature/x', 'v1'], { cwd: 'named' });
    const second = await repo.update(id, { source: { type: 'files', files: [{ filename: 'a', content: '2' }] } });
    const contentAt = async (commit?: string) => (await repo.clone(id, { commit: commit ?? null })).files[0]?.content;

    for (const commit of [first, first.slice(0, 7), first.toUpperCase(), 'v1', 'feature/x'])
      expect([commit, await contentAt(commit)]).toEqual([commit, '1']);
    for (const commit of [undefined, 'HEAD', 'main', second.repo_head])
      expect([commit, await contentAt(commit)]).toEqual([commit, '2']);
    const refused: [string, number][] = [
      ['nothing', 404],
      ['f'.repeat(40), 404],
      ['abc', 404],
      ['main^', 400],
      ['HEAD:a', 400],
      ['--all', 400],
      ['a..b', 400],
      ['x'.repeat(300), 400],
    ];
    for (const [commit, status] of refused) {
      const answer = await host.call('GET', `/repo/${id}/clone?commit=${encodeURIComponent(commit)}`);
      expect([commit, answer.status, answer.body]).toEqual([commit, status, { error: expect.any(String) }]);
    }
  });

  test('text is given as it is; links, submodules and what is no UTF-8 are named as left out, with the reason', async () => {
    const id = await createEmptyRepo(host);
    await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'kinds']);
    const text = `"quoted"\\ \u2028 ${'ä€😀'.repeat(100_000)}\n`;
    const path = client.path('kinds');
    await writeFile(`${path}/text "1".txt`, text);
    await writeFile(`${path}/empty`, '');
    await writeFile(`${path}/image.png`, Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]));
    await writeFile(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xe4])]), 'a name in Latin-1');
    await symlink('/etc/passwd', `${path}/link`);
    await client.git(['add', '.'], { cwd: 'kinds' });
    const submodule = `160000,${'1'.repeat(40)},lib`;
    await client.git(['update-index', '--add', '--cacheinfo', submodule], { cwd: 'kinds' });
    await client.git(['commit', '--quiet', '-m', 'One'], { cwd: 'kinds' });
    await client.git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: 'kinds' });

    const answer = await host.sdk().repo.clone(id);

    expect(answer).toEqual({
      files: [
        { filename: 'empty', content: '' },
        { filename: 'text "1".txt', content: text },
      ],
      skipped: [
        { filename: 'lib', reason: 'submodule' },
        { filename: 'link', reason: 'symlink' },
        { filename: '\ufffd', reason: 'filename' },
        { filename: 'image.png', reason: 'binary' },
      ],
    });
  });

  test('an empty repo has no files, and an unknown one is 404', async () => {
    const id = await createEmptyRepo(host);
    expect((await host.sdk().repo.clone(id)).files).toEqual([]);
    expect((await host.call('GET', `/repo/${id}/clone?commit=main`)).status).toBe(404);
  });

  test('more than the limit is refused before a byte is sent', async () => {
    const id = await createEmptyRepo(host);
    await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'large']);
    const size = 40 * 1024 * 1024;
    await writeFile(client.path('large', '0'), Buffer.alloc(size));
    await client.git(['add', '.'], { cwd: 'large' });
    const blob = await client.git(['rev-parse', ':0'], { cwd: 'large' });
    const count = Math.floor(MAX_CLONE_BYTES / size) + 1;
    for (let n = 1; n < count; n += 1)
      await client.git(['update-index', '--add', '--cacheinfo', `100644,${blob},${n}`], { cwd: 'large' });
    await client.git(['commit', '--quiet', '-m', 'Large'], { cwd: 'large' });
    await client.git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: 'large' });

    const answer = await host.call('GET', `/repo/${id}/clone`);

    const error = `the files have ${count * size} bytes, above ${MAX_CLONE_BYTES}; use git clone`;
    expect([answer.status, answer.body]).toEqual([413, { error }]);
  });
});
