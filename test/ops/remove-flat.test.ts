import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { removeFlat } from '../../src/ops/remove-flat.ts';

it('has removed a directory when it says so, though another process removes it at the same time', async () => {
  const root = await mkdtemp(join(tmpdir(), 'daypass-flat-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (let round = 0; round < 200; round++) {
    const dir = join(root, `${round}`);
    await mkdir(dir);
    for (let i = 0; i < 5; i++) {
      await mkdir(join(dir, `directory-${i}`));
      await writeFile(join(dir, `file-${i}`), '');
    }
    const remove = async () => {
      await removeFlat(dir);
      await expect(access(dir)).rejects.toThrow('ENOENT');
    };
    await Promise.all([remove(), remove()]);
  }
});

it('leaves what is not empty, and says so', async () => {
  const root = await mkdtemp(join(tmpdir(), 'daypass-flat-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'of-another'));
  await writeFile(join(root, 'of-another', 'kept'), '');
  await expect(removeFlat(root)).rejects.toThrow('ENOTEMPTY');
  await access(join(root, 'of-another', 'kept'));
});
