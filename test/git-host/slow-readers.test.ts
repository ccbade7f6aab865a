import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HOST_BOUNDS } from '../../src/git-host/bounds.ts';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { repoProcesses } from './support/repo-processes.ts';
import { openStallingProxy } from './support/stalling-proxy.ts';
import { ACCOUNT_KEY, createEmptyRepo, openTestHost, type TestHost } from './support/test-host.ts';

/** More than the buffers of two connections hold. */
const REPO_BYTES = 32 * 1024 * 1024;
const STALL_AT_BYTES = 1024 * 1024;

let host: TestHost;
let client: GitClient;
let id: string;

beforeEach(async () => {
  client = await openGitClient();
  await client.git(['init', '--quiet', '--initial-branch=main', 'big']);
  await writeFile(client.path('big', 'random.bin'), randomBytes(REPO_BYTES));
  await client.git(['add', '.'], { cwd: 'big' });
  await client.git(['commit', '--quiet', '--message', 'Random'], { cwd: 'big' });
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

async function openHost(reader: Partial<(typeof HOST_BOUNDS)['reader']>): Promise<void> {
  const bounds = { reader: { ...HOST_BOUNDS.reader, lookEveryMs: 100, ...reader } };
  host = await openTestHost({ transfers: 1, bounds });
  id = await createEmptyRepo(host);
  await client.git(['push', '--quiet', host.cloneUrl(id, ACCOUNT_KEY), 'main'], { cwd: 'big' });
}

test('a clone that is read slowly leaves its place to others, and comes to its end', async () => {
  await openHost({});
  await using proxy = await openStallingProxy(host.url, STALL_AT_BYTES);
  const slow = client.try(['clone', '--quiet', '--bare', proxy.through(host.cloneUrl(id, ACCOUNT_KEY)), 'slow']);
  await proxy.stalled;
  await client.git(['clone', '--quiet', '--bare', host.cloneUrl(id, await host.mint({ repo_ids: [id] })), 'quick']);
  proxy.resume();
  expect((await slow).exitCode).toBe(0);
}, 60_000);

test('a clone that is not read at all is cut, and its git process ends', async () => {
  await openHost({ windowMs: 1_000 });
  await using proxy = await openStallingProxy(host.url, STALL_AT_BYTES);
  const slow = client.try(['clone', '--quiet', '--bare', proxy.through(host.cloneUrl(id, ACCOUNT_KEY)), 'slow']);
  await proxy.stalled;
  await expect.poll(() => repoProcesses(host.repoDir(id)), { timeout: 20_000 }).toEqual([]);
  proxy.resume();
  expect((await slow).exitCode).not.toBe(0);
}, 60_000);
