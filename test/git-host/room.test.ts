import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { createRepo, openTestHost, type TestHost } from './support/test-host.ts';

const MIB = 1024 ** 2;

let client: GitClient;
beforeEach(async () => {
  client = await openGitClient();
});
afterEach(() => client[Symbol.asyncDispose]());

/** Clones with a token of its own, which is returned. */
async function clone(host: TestHost, repoId: string): Promise<string> {
  const token = await host.mint({ repo_ids: [repoId], ttl_seconds: 600 });
  await client.git(['clone', '--quiet', host.cloneUrl(repoId, token), repoId]);
  return token;
}

/** What git says of a push of so many random bytes; empty where it succeeds. */
async function pushed(repoId: string, bytes: number): Promise<string> {
  const cwd = repoId;
  await writeFile(join(client.dir, cwd, `file-${randomBytes(4).toString('hex')}`), randomBytes(bytes));
  await client.git(['add', '.'], { cwd });
  await client.git(['commit', '--quiet', '--message', 'More'], { cwd });
  return client.git(['push', '--quiet'], { cwd }).then(
    () => '',
    (error: unknown) => String(error),
  );
}

test('a repo takes no more than its share of the disk, by git and by REST, and others go on', async () => {
  await using host = await openTestHost({ bounds: { repoBytes: 3 * MIB } });
  const { id } = await createRepo(host, { start: 'start' });
  const token = await clone(host, id);
  expect(await pushed(id, 2 * MIB)).toBe('');
  expect(await pushed(id, 2 * MIB)).toMatch(/remote rejected.*the repo would be larger than 3 MB/s);
  const put = (body: string) => host.call('PUT', `/repo/${id}/file/new`, { key: token, body });
  expect((await put('x'.repeat(2 * MIB))).status).toBe(413);
  expect((await put('small')).status).toBe(200);
  const { id: other } = await createRepo(host, { start: 'start' });
  await clone(host, other);
  expect(await pushed(other, 2 * MIB)).toBe('');
});

test('a token writes no more than its share, to however many repos, and another one goes on', async () => {
  await using host = await openTestHost({ bounds: { tokenBytes: 3 * MIB } });
  const { id } = await createRepo(host, { start: 'start' });
  const token = await clone(host, id);
  expect(await pushed(id, 2 * MIB)).toBe('');
  expect(await pushed(id, 2 * MIB)).toMatch(/remote rejected.*this token has written 3 MB/s);
  const body = { source: { type: 'files', files: [{ filename: 'a', content: 'x'.repeat(2 * MIB) }] } };
  expect((await host.call('POST', `/repo/${id}/update`, { key: token, body })).status).toBe(413);
  expect((await host.call('POST', `/repo/${id}/update`, { body })).status).toBe(200);
});

test('writes leave the reserve of the disk alone', async () => {
  await using host = await openTestHost({ bounds: { reserveBytes: 1024 ** 5 } });
  const { id } = await createRepo(host, { start: 'start' });
  await clone(host, id);
  expect(await pushed(id, 1_000)).toMatch(/no room|507/);
});
