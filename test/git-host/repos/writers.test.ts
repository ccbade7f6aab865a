import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createWriters } from '../../../src/git-host/repos/writers.ts';

test('what a failed write leaves is removed when the last writer is done, and not while another still writes', async () => {
  await using cleanup = new AsyncDisposableStack();
  const repoDir = await mkdtemp(join(tmpdir(), 'writers-test-'));
  cleanup.defer(() => rm(repoDir, { recursive: true }));
  for (const name of ['refs/heads/a', 'objects/pack', 'objects/tmp_objdir-incoming-x']) {
    await mkdir(join(repoDir, name), { recursive: true });
  }
  const leftovers = ['HEAD.lock', 'refs/heads/a/b.lock', 'objects/tmp_objdir-incoming-x/y', 'objects/pack/tmp_pack_z'];
  const kept = ['HEAD', 'refs/heads/main', 'objects/pack/pack-1.pack'];
  await Promise.all([...leftovers, ...kept].map((name) => writeFile(join(repoDir, name), '')));
  const remaining = () => [...leftovers, ...kept].filter((name) => existsSync(join(repoDir, name)));
  const writers = createWriters();
  const gate = Promise.withResolvers<void>();

  const slow = writers.run(repoDir, () => gate.promise);
  await expect(writers.run(repoDir, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
  expect(remaining()).toEqual([...leftovers, ...kept]);
  gate.resolve();
  await slow;

  expect(remaining()).toEqual(kept);
});
