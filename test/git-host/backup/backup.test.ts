import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backUp } from '../../../src/git-host/backup/back-up.ts';
import { openGitClient, type GitClient } from '../support/git-client.ts';
import { createEmptyRepo, createRepo, openTestHost, type TestHost } from '../support/test-host.ts';

const { signal } = new AbortController();
const REPOS = 3;

interface Rig extends AsyncDisposable {
  host: TestHost;
  client: GitClient;
  copyDir: string;
  copy(options?: { tokens: boolean }): ReturnType<typeof backUp>;
  /** A host on what was copied, in a directory of its own. */
  restore(): Promise<TestHost>;
}

async function openRig(): Promise<Rig> {
  const cleanup = new AsyncDisposableStack();
  const host = cleanup.use(await openTestHost({ maintenanceEveryMs: 50 }));
  const client = cleanup.use(await openGitClient());
  const copyDir = await mkdtemp(join(tmpdir(), 'git-host-backup-'));
  cleanup.defer(() => rm(copyDir, { recursive: true, force: true }));
  return {
    host,
    client,
    copyDir,
    copy: ({ tokens } = { tokens: false }) => backUp({ dataDir: host.dataDir, targetDir: copyDir, tokens, signal }),
    restore: async () => cleanup.use(await openTestHost({}, copyDir)),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Pushes one branch after the other, and mints, until it is told to stop. */
function keepBusy({ host, client }: Rig, id: string, name: string) {
  const pushed = new Map<string, string>();
  const over = new AbortController();
  const working = (async () => {
    await client.git(['clone', '--quiet', host.cloneUrl(id, await host.mint({ repo_ids: [id] })), name]);
    for (let count = 0; !over.signal.aborted; count += 1) {
      const ref = `refs/heads/${name}-${count}`;
      await client.git(['commit', '--quiet', '--allow-empty', '-m', ref], { cwd: name });
      await client.git(['push', '--quiet', 'origin', `HEAD:${ref}`], { cwd: name });
      pushed.set(ref, await client.git(['rev-parse', 'HEAD'], { cwd: name }));
      await host.mint({ repo_ids: [id], ttl_seconds: 60 });
    }
  })();
  return {
    /** What was pushed and answered until now. */
    answered: () => new Map(pushed),
    async stop() {
      over.abort();
      await working;
    },
  };
}

test('a copy made while pushes, minting and maintenance go on has every ref that was answered before it began', async () => {
  await using rig = await openRig();
  const { host, client } = rig;
  const repos = await Promise.all(Array.from({ length: REPOS }, () => createRepo(host, { a: 'a' })));
  const busy = repos.map(({ id }, index) => keepBusy(rig, id, `worker-${index}`));
  await expect.poll(() => busy.every((each) => each.answered().size >= 8), { timeout: 60_000 }).toBe(true);
  const before = busy.map((each) => each.answered());
  const updated = await host.sdk().repo.update(repos[0]?.id ?? '', {
    source: { type: 'files', files: [{ filename: 'b', content: 'b' }] },
  });

  expect(await rig.copy()).toEqual({ repos: REPOS, gone: 0 });

  await Promise.all(busy.map((each) => each.stop()));
  const restored = await rig.restore();
  const main = await restored.call('GET', `/repo/${repos[0]?.id ?? ''}/clone?commit=${updated.repo_head}`);
  expect(main.status).toBe(200);
  for (const [index, { id }] of repos.entries()) {
    const url = restored.cloneUrl(id, await restored.mint({ repo_ids: [id] }));
    const lines = (await client.git(['ls-remote', url])).split('\n').map((line) => line.split('\t'));
    const there = new Map(lines.map(([object = '', ref = '']) => [ref, object]));
    for (const [ref, object] of before[index] ?? []) expect([ref, there.get(ref)]).toEqual([ref, object]);
    expect(await client.git(['--git-dir', restored.repoDir(id), 'fsck', '--full', '--no-dangling'])).toBe('');
    await client.git(['clone', '--quiet', url, `restored-${index}`]);
    await client.git(['push', '--quiet', 'origin', 'HEAD:refs/heads/after'], { cwd: `restored-${index}` });
  }
}, 120_000);

test('tokens open a restored host only where they were asked for', async () => {
  await using rig = await openRig();
  const { id } = await createRepo(rig.host, { a: 'a' });
  const token = await rig.host.mint({ repo_ids: [id] });
  await rig.copy();
  const without = await rig.restore();
  expect((await without.call('GET', `/repo/${id}`, { key: token })).status).toBe(401);
  await rig.copy({ tokens: true });
  const withThem = await rig.restore();
  expect((await withThem.call('GET', `/repo/${id}`, { key: token })).status).toBe(200);
}, 60_000);

test('a second copy into the same place follows new, moved and deleted refs and repos, and where HEAD is', async () => {
  await using rig = await openRig();
  const { host, client } = rig;
  const { id: deleted } = await createRepo(host, { a: 'a' });
  const id = await createEmptyRepo(host);
  const url = host.cloneUrl(id, await host.mint({ repo_ids: [id] }));
  expect(await rig.copy()).toEqual({ repos: 2, gone: 0 });

  await client.git(['init', '--quiet', '--initial-branch=trunk', 'work']);
  for (const branch of ['trunk', 'moved', 'gone']) {
    await client.git(['commit', '--quiet', '--allow-empty', '-m', branch], { cwd: 'work' });
    await client.git(['push', '--quiet', url, `HEAD:refs/heads/${branch}`], { cwd: 'work' });
  }
  await rig.copy();
  await client.git(['push', '--quiet', url, '+trunk~2:moved', ':gone'], { cwd: 'work' });
  await host.sdk().repo.delete(deleted);
  expect(await rig.copy()).toEqual({ repos: 1, gone: 0 });

  const restored = await rig.restore();
  const restoredUrl = restored.cloneUrl(id, await restored.mint({ repo_ids: [id] }));
  expect(await client.git(['ls-remote', '--symref', restoredUrl])).toBe(
    await client.git(['ls-remote', '--symref', url]),
  );
  expect(await readdir(join(rig.copyDir, 'repos'))).toEqual([`${id}.git`]);
}, 60_000);

test('a directory that has anything but a copy is refused and left as it is', async () => {
  await using rig = await openRig();
  const { host, copyDir } = rig;
  const { id } = await createRepo(host, { a: 'a' });
  await writeFile(join(copyDir, 'letter.txt'), 'dear');
  await expect(rig.copy()).rejects.toThrow('has other files');
  expect(await readdir(copyDir)).toEqual(['letter.txt']);

  const targets = [host.dataDir, join(host.dataDir, 'repos'), join(host.dataDir, '..')];
  for (const targetDir of targets) {
    const copying = backUp({ dataDir: host.dataDir, targetDir, tokens: false, signal });
    await expect(copying).rejects.toThrow("git host's own data");
  }
  expect((await host.call('GET', `/repo/${id}`)).status).toBe(200);
}, 60_000);
