import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRepoDirs } from '../../../src/git-host/repos/repo-dirs.ts';
import { openGitClient } from '../support/git-client.ts';

const { signal } = new AbortController();
const killed = new Error('killed here');

test('a host that was killed while it made or removed repos leaves none that nobody can reach', async () => {
  await using client = await openGitClient();
  const records = new Set<string>();
  const start = () => openRepoDirs(client.path('data'), (repoId) => records.has(repoId));
  const dirs = await start();
  const make = (repoId: string, record: () => void = () => records.add(repoId)) =>
    dirs.create(repoId, signal, async () => {}, record);
  for (const repoId of ['kept', 'half removed', 'hardly removed']) await make(repoId);
  await expect(
    make('half made', () => {
      throw killed;
    }),
  ).rejects.toBe(killed);
  await dirs.prepareRemoval('half removed');
  records.delete('half removed');
  // Here the record is still there, so nobody was told of a removal.
  await dirs.prepareRemoval('hardly removed');
  // No record, and no sign of a removal either: as after a database that is older than its repos was put in place.
  await make('unknown', () => {});

  await start();

  const repos = ['hardly removed.git', 'kept.git', 'unknown.git'];
  expect(await readdir(client.path('data', 'repos'))).toEqual(repos);
  records.delete('hardly removed');
  await start();
  expect(await readdir(client.path('data', 'repos'))).toEqual(repos);
});

test('what a killed git was at is gone at the next start: locks, half packs, and marks that keep a pack from being merged', async () => {
  await using client = await openGitClient();
  const dirs = await openRepoDirs(client.path('data'), () => true);
  await dirs.create(
    'r',
    signal,
    async () => {},
    () => {},
  );
  const packDir = join(dirs.pathOf('r'), 'objects', 'pack');
  await mkdir(join(dirs.pathOf('r'), 'objects', 'tmp_objdir-incoming-1'));
  const left = ['tmp_pack_1', '.tmp-7-pack-1.pack', 'pack-1.keep', 'pack-1.pack', 'pack-1.idx'];
  for (const name of left) await writeFile(join(packDir, name), '');
  await writeFile(join(dirs.pathOf('r'), 'refs', 'heads', 'main.lock'), '');

  await openRepoDirs(client.path('data'), () => true);

  expect(await readdir(packDir)).toEqual(['pack-1.idx', 'pack-1.pack']);
  expect(await readdir(join(dirs.pathOf('r'), 'objects'))).toEqual(['info', 'pack']);
  expect(await readdir(join(dirs.pathOf('r'), 'refs', 'heads'))).toEqual([]);
});
