import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FLUSH_PACKET, packetLine } from '../../src/git-host/smart-http/protocol.ts';
import { deltaBomb, memoryBomb } from '../egress/git/delta-bomb.ts';
import { openGitClient, type GitClient } from './support/git-client.ts';
import { repoProcesses } from './support/repo-processes.ts';
import { ACCOUNT_KEY, createEmptyRepo, createRepo, openTestHost, type TestHost } from './support/test-host.ts';

/** What git may take of a processor for a small push is 30 s; a machine at work takes longer to give them. */
const TIMEOUT_MS = 300_000;
const MIB = 1024 ** 2;

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

/** Pushes a pack as git does, and gives what git would show of the answer. */
async function push(repoId: string, key: string, pack: Buffer): Promise<{ status: number; said: string }> {
  const command = `${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/bomb\0report-status side-band-64k`;
  const response = await fetch(`${host.url}/repo/${repoId}.git/git-receive-pack`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-git-receive-pack-request' },
    body: Buffer.concat([Buffer.from(packetLine(command) + FLUSH_PACKET), pack]),
  });
  return { status: response.status, said: await response.text() };
}

async function expectNothingOf(repoId: string): Promise<void> {
  expect(await repoProcesses(host.repoDir(repoId))).toEqual([]);
  expect(await client.git(['ls-remote', host.cloneUrl(repoId, ACCOUNT_KEY)])).toBe('');
  const objects = await readdir(`${host.repoDir(repoId)}/objects`, { recursive: true });
  expect(objects.filter((name) => /pack-|tmp_/.test(name))).toEqual([]);
}

test('a pack of kilobytes that unfolds to a gigabyte in memory is refused, and nothing is left of it', async () => {
  const pack = memoryBomb();
  expect(pack.length).toBeLessThan(MIB);
  const repoId = await createEmptyRepo(host);
  const { status, said } = await push(repoId, ACCOUNT_KEY, pack);
  expect(status).toBe(200);
  expect(said).toContain('fatal: Out of memory');
  expect(said).toContain('ng refs/heads/bomb unpacker error');
  await expectNothingOf(repoId);
}, 60_000);

test(
  'two packs that unfold for minutes end after what git may take of a processor, and a neighbour pushes and clones meanwhile',
  async () => {
    const pack = deltaBomb(400);
    expect(pack.length).toBeLessThan(MIB);
    const bombed = [await createEmptyRepo(host), await createEmptyRepo(host)];
    const attacker = await host.mint({ repo_ids: bombed });
    const bombs = bombed.map((repoId) => push(repoId, attacker, pack));
    const atWork = async (): Promise<boolean> => {
      const each = await Promise.all(bombed.map((repoId) => repoProcesses(host.repoDir(repoId))));
      return each.every((processes) => processes.length > 0);
    };
    await expect.poll(atWork, { timeout: 20_000 }).toBe(true);

    const { id, head } = await createRepo(host, { 'README.md': 'of a neighbour' });
    const url = host.cloneUrl(id, await host.mint({ repo_ids: [id] }));
    await client.git(['clone', '--quiet', url, 'neighbour']);
    await client.git(['commit', '--quiet', '--allow-empty', '--message', 'Beside'], { cwd: 'neighbour' });
    await client.git(['push', '--quiet', 'origin', 'HEAD'], { cwd: 'neighbour' });
    const pushed = await client.git(['rev-parse', 'HEAD'], { cwd: 'neighbour' });
    expect(pushed).not.toBe(head);
    expect(await client.git(['ls-remote', url, 'HEAD'])).toContain(pushed);
    expect(await atWork()).toBe(true);

    for (const { status, said } of await Promise.all(bombs)) {
      expect(status).toBe(200);
      expect(said).not.toContain('(400/400)');
      expect(said).not.toContain('fatal');
      expect(said).toContain('unpack index-pack abnormal exit');
      expect(said).toContain('ng refs/heads/bomb unpacker error');
    }
    for (const repoId of bombed) await expectNothingOf(repoId);
  },
  TIMEOUT_MS,
);
