import { chmod, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openGitClient } from './support/git-client.ts';
import { ACCOUNT_KEY, createEmptyRepo, createRepo, openTestHost, type TestHost } from './support/test-host.ts';

const files = (list: Record<string, string>) => ({
  source: { type: 'files' as const, files: Object.entries(list).map(([filename, content]) => ({ filename, content })) },
});

/** Path → content of the default branch, by a real clone. */
async function contents(host: TestHost, id: string): Promise<Record<string, string>> {
  await using client = await openGitClient();
  await client.git(['clone', '--quiet', '--bare', host.cloneUrl(id, ACCOUNT_KEY), 'r']);
  const names = (await client.git(['ls-tree', '-r', '-z', '--name-only', 'HEAD'], { cwd: 'r' }))
    .split('\0')
    .slice(0, -1);
  const entries = names.map(async (name) => [name, await client.git(['show', `HEAD:${name}`], { cwd: 'r' })]);
  return Object.fromEntries(await Promise.all(entries));
}

test('files replace the whole tree, and the same files again make no commit', async () => {
  await using host = await openTestHost();
  const { id, head } = await createRepo(host, { keep: 'k', drop: 'd', 'dir/file': 'f' });
  const update = files({ keep: 'k', dir: 'now a file', 'drop/inner': 'now a directory' });

  const first = await host.sdk().repo.update(id, update);
  const again = await host.sdk().repo.update(id, update);

  expect(await contents(host, id)).toEqual({ keep: 'k', dir: 'now a file', 'drop/inner': 'now a directory' });
  expect(first.repo_head).not.toBe(head);
  expect(first.changed_files).toEqual(['dir', 'dir/file', 'drop', 'drop/inner']);
  expect(again).toEqual({ repo_id: id, repo_head: first.repo_head, changed_files: [] });
});

test('a diff deletes first, then writes, then renames, in whatever order it is sent', async () => {
  await using host = await openTestHost();
  const { id } = await createRepo(host, { a: 'old a', 'dir/x': 'x', 'dir/y': 'y', b: 'b' });

  const result = await host.sdk().repo.update(id, {
    source: {
      type: 'diff',
      operations: [
        { type: 'rename', old_filename: 'a', new_filename: 'moved/a' },
        { type: 'write', filename: 'a', content: 'new a' },
        { type: 'write', filename: 'dir/z', content: 'z' },
        { type: 'delete', filename: 'dir' },
        { type: 'delete', filename: 'a' },
      ],
    },
  });

  expect(await contents(host, id)).toEqual({ 'moved/a': 'new a', 'dir/z': 'z', b: 'b' });
  expect(result.changed_files).toEqual(['a', 'dir/x', 'dir/y', 'dir/z', 'moved/a']);
});

test('an empty repo takes its first commit by an update', async () => {
  await using host = await openTestHost();
  const id = await createEmptyRepo(host);
  const operations = [{ type: 'write' as const, filename: 'a', content: 'a' }];
  await host.sdk().repo.update(id, { source: { type: 'diff', operations } });
  expect(await contents(host, id)).toEqual({ a: 'a' });
});

test('a diff that cannot be done is refused as a whole', async () => {
  await using host = await openTestHost();
  const { id, head } = await createRepo(host, { a: 'a', 'dir/x': 'x' });
  const refused: [object[], number][] = [
    [[{ type: 'delete', filename: 'nothing' }], 404],
    [[{ type: 'rename', old_filename: 'nothing', new_filename: 'b' }], 404],
    [[{ type: 'rename', old_filename: 'dir', new_filename: 'b' }], 404],
    [[{ type: 'write', filename: 'a/b', content: '' }], 400],
    [[{ type: 'write', filename: 'dir', content: '' }], 400],
    [[{ type: 'write', filename: '.git/hooks/post-receive', content: '' }], 400],
    [
      [
        { type: 'write', filename: 'ok', content: '' },
        { type: 'rename', old_filename: 'ok', new_filename: '/etc/x' },
      ],
      400,
    ],
    [[{ type: 'chmod', filename: 'a' }], 400],
    [[{ type: 'write', filename: 'a' }], 422],
  ];
  for (const [operations, status] of refused) {
    const answer = await host.call('POST', `/repo/${id}/update`, { body: { source: { type: 'diff', operations } } });
    expect([operations, answer.status, answer.body]).toEqual([operations, status, { error: expect.any(String) }]);
  }
  expect((await host.sdk().repo.update(id, {})).repo_head).toBe(head);
});

test('a written file stays executable, a link becomes a file, and names that are no UTF-8 survive', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const id = await createEmptyRepo(host);
  await client.git(['clone', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'work']);
  await writeFile(client.path('work', 'run.sh'), 'old');
  await chmod(client.path('work', 'run.sh'), 0o755);
  await symlink('/etc/passwd', client.path('work', 'link'));
  await writeFile(Buffer.concat([Buffer.from(client.path('work/')), Buffer.from([0xe4, 0x2e, 0x74])]), 'latin');
  await client.git(['add', '.'], { cwd: 'work' });
  await client.git(['commit', '--quiet', '-m', 'One'], { cwd: 'work' });
  await client.git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: 'work' });

  const operations = ['run.sh', 'link'].map((filename) => ({ type: 'write' as const, filename, content: 'new' }));
  await host.sdk().repo.update(id, { source: { type: 'diff', operations } });

  await client.git(['pull', '--quiet', 'origin', 'main'], { cwd: 'work' });
  const blob = await client.git(['hash-object', '--stdin'], { input: 'new' });
  const latin = await client.git(['hash-object', '--stdin'], { input: 'latin' });
  expect((await client.git(['ls-tree', 'HEAD'], { cwd: 'work' })).split('\n')).toEqual([
    `100644 blob ${blob}\tlink`,
    `100755 blob ${blob}\trun.sh`,
    `100644 blob ${latin}\t"\\344.t"`,
  ]);
});

test('updates that come at once are all there, one commit each', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const { id } = await createRepo(host, { start: '' });
  const names = Array.from({ length: 8 }, (_, index) => `file-${index}`);
  await Promise.all(
    names.map((filename) => {
      const operations = [{ type: 'write' as const, filename, content: filename }];
      return host.sdk().repo.update(id, { source: { type: 'diff', operations } });
    }),
  );
  await client.git(['clone', '--quiet', '--bare', host.cloneUrl(id, ACCOUNT_KEY), 'r']);
  expect((await client.git(['ls-tree', '--name-only', 'HEAD'], { cwd: 'r' })).split('\n')).toEqual([...names, 'start']);
  expect(await client.git(['rev-list', '--count', 'HEAD'], { cwd: 'r' })).toBe('9');
});

test('metadata is replaced by what is given, kept when it is not, and cleared by null', async () => {
  await using host = await openTestHost();
  const sdk = host.sdk();
  const id = (await sdk.repo.create({ metadata: { a: '1', b: '2' } })).repo_id;
  await sdk.repo.update(id, { metadata: { a: '3' } });
  expect((await sdk.repo.get(id)).metadata).toEqual({ a: '3' });
  await sdk.repo.update(id, files({ a: 'a' }));
  expect(await sdk.repo.get(id)).toMatchObject({ metadata: { a: '3' }, updated_at: expect.any(String) });
  await sdk.repo.update(id, { metadata: null });
  expect((await sdk.repo.get(id)).metadata).toBeNull();
});
