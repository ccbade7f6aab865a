import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MAX_JSON_BYTES } from '../../src/git-host/rest/read-contents.ts';
import { MAX_FILE_BYTES } from '../../src/git-host/repos/operations.ts';
import { openGitClient } from './support/git-client.ts';
import { ACCOUNT_KEY, createEmptyRepo, createRepo, openTestHost } from './support/test-host.ts';

const files = (filename: string, content = '') => ({ source: { type: 'files', files: [{ filename, content }] } });

test('a repo made without a source is empty and has no head', async () => {
  await using host = await openTestHost();
  const created = await host.call('POST', '/repo');
  expect(created).toMatchObject({ status: 201, body: { repo_id: expect.any(String), repo_head: null } });
});

test('a repo made of files has them in one commit on main, with metadata to find it by', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const list = [
    { filename: 'src/ä "quoted"/b.txt', content: 'ünïcode\n' },
    { filename: 'empty', content: '' },
  ];
  const repo = await host
    .sdk()
    .repo.create({ source: { type: 'files', files: list }, metadata: { task: '42' }, auto_index: true });

  await client.git(['clone', '--quiet', host.cloneUrl(repo.repo_id, ACCOUNT_KEY), 'work']);

  expect(await client.git(['log', '--format=%H %D'], { cwd: 'work' })).toContain(`${repo.repo_head} HEAD -> main`);
  expect(await client.git(['ls-tree', '-r', '-z', '--name-only', 'HEAD'], { cwd: 'work' })).toBe(
    'empty\0src/ä "quoted"/b.txt\0',
  );
  expect(await client.git(['show', 'HEAD:src/ä "quoted"/b.txt'], { cwd: 'work' })).toBe('ünïcode');
  expect(await host.sdk().repo.get(repo.repo_id)).toEqual({
    repo_id: repo.repo_id,
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    updated_at: null,
    metadata: { task: '42' },
    auto_index: true,
  });
});

test('the list pages, orders and filters, and refuses a filter that it does not have', async () => {
  await using host = await openTestHost();
  const sdk = host.sdk();
  const ids: string[] = [];
  for (const n of ['1', '2', '3'])
    ids.push((await sdk.repo.create({ metadata: { n, kind: n === '3' ? 'b' : 'a' } })).repo_id);
  const listed = async (query: Parameters<typeof sdk.repo.list>[0]) =>
    (await sdk.repo.list(query)).items.map((item) => item.repo_id);
  const [, second, third] = ids;

  expect((await listed({})).toSorted()).toEqual(ids.toSorted());
  expect((await listed({ filter_metadata: '{"kind":"a"}' })).toSorted()).toEqual(ids.slice(0, 2).toSorted());
  expect(await listed({ filter_metadata: '{"kind":"a","n":"2"}' })).toEqual([second]);
  expect(await listed({ filter_metadata: '{"kind\' OR 1=1 --":"a"}' })).toEqual([]);
  await sdk.repo.update(second ?? '', { metadata: { n: '2', kind: 'c' } });
  expect((await listed({ order_by: 'updated_at', order_descending: true }))[0]).toBe(second);
  expect(await listed({ filter_metadata: '{"kind":"c"}', created_after: null })).toEqual([second]);
  expect(await listed({ created_after: '2000-01-01T00:00:00Z', filter_metadata: '{"n":"3"}' })).toEqual([third]);
  expect(await listed({ created_before: '2000-01-01T00:00:00Z' })).toEqual([]);

  const page = await sdk.repo.list({ page_size: 2 });
  const rest = await sdk.repo.list({ page_size: 2, page_start: page.next_page ?? -1 });
  expect(page).toMatchObject({ total_items: 3, next_page: 2 });
  expect(rest).toMatchObject({ total_items: 3, next_page: null });
  expect([...page.items, ...rest.items].map((item) => item.repo_id).toSorted()).toEqual(ids.toSorted());

  for (const query of [
    'page_size=101',
    'page_size=0',
    'page_start=-1',
    'order_by=name',
    'filter_metadata=[]',
    'created_after=soon',
    'color=red',
  ]) {
    expect([query, (await host.call('GET', `/repo?${query}`)).status]).toEqual([query, 400]);
  }
});

test('a deleted repo is gone for the account, for its tokens, for git and from the disk', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const { id } = await createRepo(host, { a: 'a' });
  const token = await host.mint({ repo_ids: [id] });

  await host.sdk().repo.delete(id);

  expect((await host.call('GET', `/repo/${id}`)).status).toBe(404);
  expect((await host.call('GET', `/repo/${id}`, { key: token })).status).toBe(404);
  expect((await host.call('DELETE', `/repo/${id}`)).status).toBe(404);
  expect((await client.try(['ls-remote', host.cloneUrl(id, token)])).stderr).toContain('not found');
  expect(await readdir(join(host.dataDir, 'repos'))).toEqual([]);
});

test('a body that is refused is refused with its reason, and leaves no repo', async () => {
  await using host = await openTestHost();
  const refused: [unknown, number, string][] = [
    ['{"source":', 400, 'the body is not valid JSON: it ends too early'],
    ['{"source":}', 400, 'the body is not valid JSON at byte 10'],
    ['[]', 400, 'the request: must be an object'],
    [{ metadata: { n: 1 } }, 400, expect.stringContaining('metadata.n')],
    [{ source: {} }, 422, 'source.type is missing'],
    [{ source: { type: 'files' } }, 422, 'source.files is missing'],
    [{ source: { type: 'files', files: [{ filename: 'a' }] } }, 422, 'source.files.0.content is missing'],
    [{ source: { type: 'zip' } }, 400, 'source.type: must be files, git or relace'],
    [{ source: { type: 'git' } }, 422, 'source.url is missing'],
    [{ source: { type: 'relace', repo_id: 'x' } }, 400, 'source.repo_id: must be a UUID'],
    [
      { source: { type: 'files', files: [{ filename: 1, content: '' }] } },
      400,
      'source.files.0.filename: must be a text',
    ],
    [{ source: { type: 'files', files: {} } }, 400, 'source.files: must be a list'],
    [{ auto_index: 'yes' }, 400, 'auto_index: must be true or false'],
    [{ metadata: { ['k'.repeat(201)]: 'v' } }, 400, 'metadata: must have keys of at most 200 characters'],
    [{ metadata: { k: 'v'.repeat(4_001) } }, 400, 'metadata.k: must be at most 4000 characters long'],
    [`{"metadata":${'['.repeat(33)}${']'.repeat(33)}}`, 413, 'the body is nested deeper than 32 levels'],
    [`[${'[],'.repeat(51_000)}[]]`, 413, 'the body has more than 50100 lists and objects'],
    [`[${'1,'.repeat(152_000)}1]`, 413, 'the body has more than 151000 texts, numbers and other values'],
    [`{"metadata":{${'"a":1,'.repeat(152_000)}"b":1}}`, 413, 'the body has more than 151000 fields'],
    [files('../evil'), 400, expect.stringContaining('..')],
    [files('big.txt', 'x'.repeat(MAX_FILE_BYTES + 1)), 413, expect.stringContaining('big.txt')],
    [' '.repeat(MAX_JSON_BYTES + 1), 413, expect.stringContaining(String(MAX_JSON_BYTES))],
  ];
  for (const [body, status, error] of refused) {
    const answer = await host.call('POST', '/repo', { body });
    expect([status, answer.status, answer.body]).toEqual([status, status, { error }]);
  }
  expect((await host.sdk().repo.list()).total_items).toBe(0);
  expect(await readdir(join(host.dataDir, 'repos'))).toEqual([]);
}, 20_000);

test('the hosted AI features say through the SDK that they are not here, and are not tried again', async () => {
  await using host = await openTestHost();
  const id = await createEmptyRepo(host);
  const { repo } = host.sdk();
  const said = { status: 501, error: { error: expect.stringContaining('part of the hosted service only') } };
  await expect(repo.retrieve(id, { query: 'x' })).rejects.toMatchObject(said);
  await expect(repo.search(id, { query: 'x' })).rejects.toMatchObject(said);
  await expect(repo.agent(id, { agent_name: 'a', agent_inputs: {} })).rejects.toMatchObject(said);
  await expect(repo.embeddingStatus(id)).rejects.toMatchObject(said);
  const answer = await host.call('GET', `/repo/${id}/embedding_status`);
  expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([501, 'false']);
});

test('health is told without a key', async () => {
  await using host = await openTestHost();
  const response = await fetch(new URL('/healthz', host.url));
  const maintenance = { merged: 0, swept: 0, putOff: 0, failed: 0, lastFailureAt: null };
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok', maintenance }]);
});
