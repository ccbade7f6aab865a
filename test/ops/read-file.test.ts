import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AS_IT_LIES, FileTooLong, readFileUpTo } from '../../src/ops/read-file.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daypass-read-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('a file is read up to its bound and no further, whatever it says of its size', async () => {
  const path = join(dir, 'file');
  await writeFile(path, 'ä'.repeat(100_000));
  expect(await readFileUpTo(path, 200_000)).toBe('ä'.repeat(100_000));
  await expect(readFileUpTo(path, 199_999)).rejects.toThrow(`${path} is longer than 199999 bytes`);
  // One that says it is empty, and has no end.
  await expect(readFileUpTo('/dev/zero', 100_000)).rejects.toThrow(FileTooLong);
  expect(await readFileUpTo('/dev/null', 0)).toBe('');
});

test('a file that another may have put there is not followed as a link, nor waited for as a pipe', async () => {
  const [link, pipe] = [join(dir, 'link'), join(dir, 'pipe')];
  await symlink('/etc/passwd', link);
  execFileSync('mkfifo', [pipe]);
  await expect(readFileUpTo(link, 100_000, AS_IT_LIES)).rejects.toThrow('ELOOP');
  expect(await readFileUpTo(pipe, 100_000, AS_IT_LIES)).toBe('');
});
