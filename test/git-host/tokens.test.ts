import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openGitClient } from './support/git-client.ts';
import { createRepo, openTestHost } from './support/test-host.ts';

test('the list names live tokens by fingerprint, with repos, access and expiry, and never shows a value', async () => {
  await using host = await openTestHost();
  const { id } = await createRepo(host, { a: 'a' });
  const token = await host.mint({ name: 'session 1', repo_ids: [id, id], access: 'read', ttl_seconds: 60 });
  const gone = await host.mint({ name: 'session 2', repo_ids: [id] });
  await host.sdk().repoToken.delete(gone);

  const { body } = await host.call('GET', '/repo_token');

  expect(body).toEqual({
    items: [
      {
        name: 'session 1',
        fingerprint: createHash('sha256').update(token).digest('hex').slice(0, 12),
        repo_ids: [id],
        access: { [id]: 'read' },
        created_at: expect.any(String),
        expires_at: expect.any(String),
      },
    ],
    total_items: 1,
  });
  const [item] = (body as { items: { created_at: string; expires_at: string }[] }).items;
  expect(Date.parse(item?.expires_at ?? '') - Date.parse(item?.created_at ?? '')).toBe(60_000);
});

test('a token is refused from the moment its TTL is over, and is gone from the list', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const { id } = await createRepo(host, { a: 'a' });
  const token = await host.mint({ repo_ids: [id], ttl_seconds: 1 });
  expect((await host.call('GET', `/repo/${id}`, { key: token })).status).toBe(200);

  await expect
    .poll(async () => (await host.call('GET', `/repo/${id}`, { key: token })).status, { timeout: 3_000 })
    .toBe(401);

  expect((await client.try(['ls-remote', host.cloneUrl(id, token)])).stderr).toContain('Authentication failed');
  expect((await host.call('GET', '/repo_token')).body).toEqual({ items: [], total_items: 0 });
  expect((await host.call('GET', `/repo_token/${token}`)).status).toBe(404);
});

test('tokens, rights, repos and deletions are the same after a restart', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const { id, head } = await createRepo(host, { a: 'a' });
  const token = await host.mint({ repo_ids: [id], access: 'read', ttl_seconds: 600 });
  const deleted = await host.mint({ repo_ids: [id] });
  await host.sdk().repoToken.delete(deleted);

  await host.restart();

  expect(await client.git(['ls-remote', host.cloneUrl(id, token), 'HEAD'])).toBe(`${head}\tHEAD`);
  expect((await host.call('POST', `/repo/${id}/update`, { key: token, body: {} })).status).toBe(403);
  expect((await host.call('GET', `/repo/${id}`, { key: deleted })).status).toBe(401);
});

test('the value of a token is in no log line and in no file of the data directory', async () => {
  await using host = await openTestHost();
  await using client = await openGitClient();
  const { id } = await createRepo(host, { a: 'a' });
  const [kept, deleted] = [await host.mint({ repo_ids: [id] }), await host.mint({ repo_ids: [id] })];
  await client.git(['clone', host.cloneUrl(id, kept), 'work']);
  await client.git(['push', 'origin', 'HEAD:refs/heads/copy'], { cwd: 'work' });
  await host.sdk().repoToken.get(kept);
  await host.sdk().repoToken.delete(deleted);
  await host.call('DELETE', `/repo_token/${deleted}`);
  await host.call('PUT', `/repo_token/${kept}/more`);

  const names = await readdir(host.dataDir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const stored = (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');

  expect(files.length).toBeGreaterThan(3);
  expect(host.logged()).toContain('/repo_token/:token');
  for (const value of [kept, deleted].flatMap((token) => [token, token.slice(5)])) {
    expect(stored.includes(value)).toBe(false);
    expect(host.logged().includes(value)).toBe(false);
  }
});

test('a token is not minted for an unknown repo, without its fields, or with a value that is not allowed', async () => {
  await using host = await openTestHost();
  const { id } = await createRepo(host, { a: 'a' });
  const unknown = randomUUID();
  const refused: [object, number, string][] = [
    [{ name: 'n', repo_ids: [id, unknown] }, 404, `repo ${unknown} not found`],
    [{ repo_ids: [id] }, 422, 'name is missing'],
    [{ name: 'n' }, 422, 'repo_ids is missing'],
    [{ name: '', repo_ids: [id] }, 400, 'name: must not be empty'],
    [{ name: 'n', repo_ids: [] }, 400, 'repo_ids: must name at least one repo'],
    [{ name: 'n', repo_ids: ['../../etc'] }, 400, 'repo_ids.0: must be a UUID'],
    [{ name: 'n', repo_ids: [id], ttl_seconds: 0 }, 400, 'ttl_seconds: must be above 0'],
    [{ name: 'n', repo_ids: [id], ttl_seconds: 1e300 }, 400, expect.stringContaining('ttl_seconds')],
    [{ name: 'n', repo_ids: [id], ttl_seconds: '60' }, 400, expect.stringContaining('ttl_seconds')],
    [{ name: 'n', repo_ids: [id], access: 'admin' }, 400, expect.stringContaining('access')],
    [{ name: 'n', repo_ids: [id], access: { [unknown]: 'read' } }, 400, expect.stringContaining(unknown)],
  ];
  for (const [body, status, error] of refused) {
    const answer = await host.call('POST', '/repo_token', { body });
    expect([body, answer.status, answer.body]).toEqual([body, status, { error }]);
  }
  expect((await host.call('GET', '/repo_token')).body).toEqual({ items: [], total_items: 0 });
});
