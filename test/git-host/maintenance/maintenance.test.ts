import { randomBytes } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openGitClient, type GitClient } from '../support/git-client.ts';
import { openStallingProxy } from '../support/stalling-proxy.ts';
import { createEmptyRepo, openTestHost, type TestHost } from '../support/test-host.ts';

const OFTEN_MS = 50;
const HAMMER_MS = 20_000;
/** A busy machine takes longer until packs were merged twice. */
const HAMMER_AT_MOST_MS = 90_000;
/** More than a connection's buffers hold. */
const LARGE_BYTES = 24 * 1024 * 1024;

interface Rig extends AsyncDisposable {
  host: TestHost;
  client: GitClient;
  id: string;
  url: string;
  packs(): Promise<string[]>;
  counts(): Promise<{ merged: number; swept: number; putOff: number; failed: number; lastFailureAt: string | null }>;
}

async function openRig(): Promise<Rig> {
  const host = await openTestHost({ maintenanceEveryMs: OFTEN_MS });
  const client = await openGitClient();
  const id = await createEmptyRepo(host);
  return {
    host,
    client,
    id,
    url: host.cloneUrl(id, await host.mint({ repo_ids: [id] })),
    packs: async () => (await readdir(join(host.repoDir(id), 'objects/pack'))).filter((name) => name.endsWith('.pack')),
    async counts() {
      const health = (await (await fetch(new URL('/healthz', host.url))).json()) as { maintenance: never };
      return health.maintenance;
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

/** One new commit on a branch of its own history, pushed. Returns its name. */
async function push({ client, url }: Rig, clone: string, branch: string): Promise<string> {
  await client.git(['commit', '--quiet', '--allow-empty', '--message', `On ${branch}`], { cwd: clone });
  await client.git(['push', '--quiet', url, `HEAD:refs/heads/${branch}`], { cwd: clone });
  return client.git(['rev-parse', 'HEAD'], { cwd: clone });
}

test('after many pushes the packs are few, and a clone has every commit', async () => {
  await using rig = await openRig();
  await rig.client.git(['init', '--quiet', '--initial-branch=main', 'work']);
  for (let count = 0; count < 30; count += 1) await push(rig, 'work', 'main');

  await expect.poll(() => rig.packs(), { timeout: 20_000 }).toSatisfy((packs: string[]) => packs.length <= 20);

  await rig.client.git(['clone', '--quiet', rig.url, 'clone']);
  expect(await rig.client.git(['rev-list', '--count', 'HEAD'], { cwd: 'clone' })).toBe('30');
  expect(await rig.client.git(['--git-dir', rig.host.repoDir(rig.id), 'fsck', '--full'])).toBe('');
  expect(await rig.counts()).toMatchObject({ failed: 0, lastFailureAt: null });
}, 60_000);

test('a clone that is under way keeps the packs that it began with', async () => {
  await using rig = await openRig();
  const { client, host, url } = rig;
  await client.git(['init', '--quiet', '--initial-branch=main', 'work']);
  await writeFile(client.path('work', 'large'), randomBytes(LARGE_BYTES));
  await client.git(['-c', 'core.compression=0', 'add', '.'], { cwd: 'work' });
  await push(rig, 'work', 'main');
  await using proxy = await openStallingProxy(host.url, 64 * 1024);
  const clone = client.try(['clone', '--quiet', proxy.through(url), 'slow']);
  await proxy.stalled;
  for (let count = 0; count < 30; count += 1) await push(rig, 'work', 'main');
  await expect.poll(async () => (await rig.counts()).merged, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await rig.packs()).length).toBeGreaterThan(20);

  proxy.resume();

  expect((await clone).exitCode).toBe(0);
  await expect.poll(() => rig.packs(), { timeout: 20_000 }).toSatisfy((packs: string[]) => packs.length <= 20);
  expect((await rig.counts()).failed).toBe(0);
}, 60_000);

test('pushes, updates, clones and maintenance side by side lose no object', async () => {
  await using rig = await openRig();
  const { client, host, url, id } = rig;
  await host.sdk().repo.update(id, { source: { type: 'files', files: [{ filename: 'a', content: 'a' }] } });
  const sinceMs = Date.now();
  const goesOn = async (): Promise<boolean> => {
    const tookMs = Date.now() - sinceMs;
    return tookMs < HAMMER_MS || (tookMs < HAMMER_AT_MOST_MS && (await rig.counts()).merged < 2);
  };
  const pushed = new Map<string, string>();
  const pusher = async (name: string): Promise<void> => {
    await client.git(['clone', '--quiet', url, name]);
    for (let count = 0; await goesOn(); count += 1) {
      const branch = `${name}-${count}`;
      await writeFile(client.path(name, 'file'), branch);
      await client.git(['add', '.'], { cwd: name });
      pushed.set(`refs/heads/${branch}`, await push(rig, name, branch));
    }
  };
  const updater = async (): Promise<void> => {
    for (let count = 0; await goesOn(); count += 1) {
      const files = [{ filename: 'a', content: `update ${count}` }];
      await host.sdk().repo.update(id, { source: { type: 'files', files } });
    }
  };
  const cloner = async (): Promise<void> => {
    for (let count = 0; await goesOn(); count += 1) {
      await client.git(['clone', '--quiet', '--bare', url, `clone-${count}`]);
      await client.git(['fsck', '--connectivity-only'], { cwd: `clone-${count}` });
    }
  };

  await Promise.all([pusher('one'), pusher('two'), updater(), cloner()]);

  const refs = (await client.git(['ls-remote', url, 'refs/heads/*-*'])).split('\n').map((line) => line.split('\t'));
  expect(new Map(refs.map(([object = '', ref = '']) => [ref, object]))).toEqual(pushed);
  expect(await client.git(['--git-dir', host.repoDir(id), 'fsck', '--full', '--no-dangling'])).toBe('');
  const { merged, failed } = await rig.counts();
  expect(failed).toBe(0);
  expect(merged).toBeGreaterThan(1);
}, 180_000);

test('what nothing refers to any more is dropped when its time is over, and what is young is kept', async () => {
  await using rig = await openRig();
  const { client, host, id } = rig;
  await client.git(['init', '--quiet', '--initial-branch=main', 'work']);
  const kept = await push(rig, 'work', 'main');
  const old = await push(rig, 'work', 'old');
  await client.git(['checkout', '--quiet', '--orphan', 'other'], { cwd: 'work' });
  const young = await push(rig, 'work', 'young');
  await client.git(['push', '--quiet', rig.url, ':old', ':young'], { cwd: 'work' });
  const isThere = async (commit: string) =>
    (await client.try(['--git-dir', host.repoDir(id), 'cat-file', '-e', commit])).exitCode === 0;
  await age(rig, old, 20);
  await writeSweptMark(rig, 10);
  // The pushes may have been looked at already, before the mark was there.
  await host.sdk().repo.update(id, { metadata: { changed: 'again' } });

  await expect.poll(async () => (await rig.counts()).swept, { timeout: 20_000 }).toBe(1);

  expect([await isThere(old), await isThere(young), await isThere(kept)]).toEqual([false, true, true]);
}, 60_000);

test('a sweep yields to a fetch, and is done when the repo is quiet again', async () => {
  await using rig = await openRig();
  const { client, host, url } = rig;
  await client.git(['init', '--quiet', '--initial-branch=main', 'work']);
  await writeFile(client.path('work', 'large'), randomBytes(LARGE_BYTES));
  await client.git(['-c', 'core.compression=0', 'add', '.'], { cwd: 'work' });
  await push(rig, 'work', 'main');
  await using proxy = await openStallingProxy(host.url, 64 * 1024);
  const clone = client.try(['clone', '--quiet', proxy.through(url), 'slow']);
  await proxy.stalled;
  await writeSweptMark(rig, 10);
  await push(rig, 'work', 'main');
  await expect.poll(async () => (await rig.counts()).putOff, { timeout: 10_000 }).toBeGreaterThan(0);
  expect((await rig.counts()).swept).toBe(0);

  proxy.resume();
  expect((await clone).exitCode).toBe(0);
  await push(rig, 'work', 'main');
  await expect.poll(async () => (await rig.counts()).swept, { timeout: 20_000 }).toBe(1);
}, 60_000);

test('maintenance that fails is logged and told by /healthz, and the repo goes on serving', async () => {
  await using rig = await openRig();
  await rig.client.git(['init', '--quiet', '--initial-branch=main', 'work']);
  const first = await push(rig, 'work', 'main');
  // A pack whose index lies about it cannot be merged.
  const packDir = join(rig.host.repoDir(rig.id), 'objects/pack');
  await writeFile(join(packDir, `pack-${'a'.repeat(40)}.idx`), await readFile(join(packDir, await indexIn(packDir))));
  await writeFile(join(packDir, `pack-${'a'.repeat(40)}.pack`), 'PACK is what this is not');
  for (let count = 0; count < 25; count += 1) await push(rig, 'work', 'main');

  await expect.poll(async () => (await rig.counts()).failed, { timeout: 20_000 }).toBeGreaterThan(0);

  expect((await rig.counts()).lastFailureAt).toMatch(/^20\d\d-/);
  expect(rig.host.logged()).toContain('maintenance of a repo failed');
  await rig.client.git(['clone', '--quiet', rig.url, 'clone']);
  expect(await rig.client.git(['rev-list', 'HEAD'], { cwd: 'clone' })).toContain(first);
}, 60_000);

test('a repo that is deleted while it is maintained is gone, and nothing fails', async () => {
  await using rig = await openRig();
  await rig.client.git(['init', '--quiet', '--initial-branch=main', 'work']);
  for (let count = 0; count < 22; count += 1) await push(rig, 'work', 'main');
  await rig.host.sdk().repo.delete(rig.id);

  expect(await readdir(join(rig.host.dataDir, 'repos'))).toEqual([]);
  // Closing waits for what maintenance is about.
  await rig.host.restart();
  expect(rig.host.logged()).not.toContain('maintenance of a repo failed');
}, 60_000);

async function indexIn(packDir: string): Promise<string> {
  return (await readdir(packDir)).find((name) => name.endsWith('.idx')) ?? '';
}

async function writeSweptMark({ host, id }: Rig, daysAgo: number): Promise<void> {
  const mark = join(host.repoDir(id), 'daypass-swept');
  await writeFile(mark, '');
  await setAge(mark, daysAgo);
}

async function setAge(path: string, daysAgo: number): Promise<void> {
  const time = new Date(Date.now() - daysAgo * 24 * 3_600_000);
  await utimes(path, time, time);
}

/** Makes the pack that holds a commit so old. */
async function age({ host, id, client }: Rig, commit: string, daysAgo: number): Promise<void> {
  const packDir = join(host.repoDir(id), 'objects/pack');
  const indexes = (await readdir(packDir)).filter((name) => name.endsWith('.idx'));
  for (const index of indexes) {
    const listed = await client.git(['show-index'], { input: await readFile(join(packDir, index)) });
    if (!listed.includes(commit)) continue;
    for (const ending of ['pack', 'idx']) await setAge(join(packDir, index.replace(/idx$/, ending)), daysAgo);
  }
}
