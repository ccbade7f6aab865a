import { expect, test } from 'vitest';
import { writeBlob } from '../../../src/git-host/repos/write-blob.ts';
import { openGitClient } from '../support/git-client.ts';

test('a git that gives up in the middle of a file, as on a full disk, is an error that says why', async () => {
  await using client = await openGitClient();
  const { signal } = new AbortController();
  const place = { repoDir: client.dir, homeDir: client.dir, signal };
  async function* pieces() {
    for (let n = 0; n < 100; n += 1) yield Buffer.alloc(64 * 1024);
  }
  await expect(writeBlob(place, pieces())).rejects.toThrow('git hash-object exited with 128: fatal: not a git repo');
});
