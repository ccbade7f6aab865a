import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkTimeMs, openScratch } from '../../../src/egress/git/scratch.ts';
import { openSpool, type Kept } from '../../../src/egress/git/spool.ts';
import { deltaBomb } from './delta-bomb.ts';

const MIB = 1024 * 1024;

async function kept(pack: Buffer): Promise<{ dir: string; pushed: Kept }> {
  const dir = await mkdtemp(join(tmpdir(), 'daypass-scratch-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const spool = await openSpool(dir, 64 * MIB);
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield pack;
  };
  return { dir, pushed: await spool.keep('a', body(), () => undefined) };
}

const look = { idLength: 40, name: 'pushed', signal: new AbortController().signal };

test('a pack of kilobytes that unfolds for minutes is given up after seconds of a processor', async () => {
  const pack = deltaBomb(400);
  expect(pack.length).toBeLessThan(MIB);
  const { dir, pushed } = await kept(pack);
  {
    await using repo = await openScratch(pushed, look);
    await expect(repo.index('pushed')).rejects.toThrow(/git gave up on it \(killed\)/);
  }
  await pushed[Symbol.asyncDispose]();
  expect(await readdir(dir)).toEqual([]);
}, 120_000);

test('a pack that unfolds to a little is read, bombs or not', async () => {
  const { pushed } = await kept(deltaBomb(1));
  await using repo = await openScratch(pushed, look);
  await repo.index('pushed');
  const commits = repo.commits();
  expect(await commits.parentsOf('1'.repeat(40))).toBeNull();
  commits.close();
});

test('what takes longer than it may is ended with its signal, and waits for nothing', async () => {
  const { pushed } = await kept(deltaBomb(400));
  await using repo = await openScratch(pushed, { ...look, signal: AbortSignal.timeout(1_000) });
  const commits = repo.commits();
  await expect(repo.index('pushed')).rejects.toThrow('aborted');
  await expect(commits.parentsOf('1'.repeat(40))).rejects.toThrow(/git ended before/);
});

test('a large push has more time than a small one', () => {
  expect(checkTimeMs(512 * MIB)).toBeGreaterThan(2 * checkTimeMs(0));
});
