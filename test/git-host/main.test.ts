import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Relace } from '@relace-ai/relace';
import { expect, test } from 'vitest';
import { startHostProcess } from './support/host-process.ts';

const KEY = 'account-key-for-main';

async function dataDirectory(cleanup: AsyncDisposableStack): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'git-host-main-'));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

const startMain = (cleanup: AsyncDisposableStack, dataDir: string) => startHostProcess(cleanup, { dataDir, key: KEY });

test('the process serves with its settings, is called daypass-git-host, and ends with 0 on SIGTERM', async () => {
  await using cleanup = new AsyncDisposableStack();
  const { child, url } = await startMain(cleanup, await dataDirectory(cleanup));

  const answer = await fetch(`${url}/repo`, { headers: { authorization: `Bearer ${KEY}` } });
  expect(await answer.json()).toEqual({ items: [], total_items: 0, next_page: null });
  expect(await readFile(`/proc/${child.pid}/cmdline`, 'utf8')).toContain('daypass-git-host');

  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a repo, a token and a deletion that were answered are there after the process was killed', async () => {
  await using cleanup = new AsyncDisposableStack();
  const dataDir = await dataDirectory(cleanup);
  const before = await startMain(cleanup, dataDir);
  const account = new Relace({ apiKey: KEY, baseURL: before.url, maxRetries: 0 });
  const files = [{ filename: 'a', content: 'a' }];
  const { repo_id, repo_head } = await account.repo.create({ source: { type: 'files', files } });
  const { token: kept } = await account.repoToken.create({ name: 'kept', repo_ids: [repo_id] });
  const { token: deleted } = await account.repoToken.create({ name: 'deleted', repo_ids: [repo_id] });
  await account.repoToken.delete(deleted);
  before.child.kill('SIGKILL');
  await once(before.child, 'exit');

  const after = await startMain(cleanup, dataDir);

  const as = (apiKey: string) => new Relace({ apiKey, baseURL: after.url, maxRetries: 0 });
  expect((await as(kept).repo.update(repo_id, { source: { type: 'files', files } })).repo_head).toBe(repo_head);
  await expect(as(deleted).repo.get(repo_id)).rejects.toMatchObject({ status: 401 });
});
