import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clearRunDir, defaultRunDir, makeRunDir } from '../../../../src/cli/up/installation/run-dir.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test.each([
  [0, '/run/user/0', '/run/daypass/up-1'],
  [1000, '/run/user/1000', '/run/user/1000/daypass/up-1'],
  [1000, undefined, '/tmp/daypass-1000/up-1'],
  [1000, 'relative', '/tmp/daypass-1000/up-1'],
  [1000, `/${'x'.repeat(60)}`, '/tmp/daypass-1000/up-1'],
])('user %i with XDG_RUNTIME_DIR %s has its sockets below %s', (uid, runtimeDir, place) => {
  expect(defaultRunDir({ installation: 'up-1', uid, runtimeDir })).toBe(place);
});

test('it is made with its parents, and clearing it twice is fine', async () => {
  await using dir = await temporaryDirectory();
  const runDir = join(dir.path, 'a/b');
  await makeRunDir(runDir);
  await makeRunDir(join(runDir, 'inside'));
  await clearRunDir(runDir);
  await clearRunDir(runDir);
  await expect(stat(runDir)).rejects.toThrow('ENOENT');
});
