import { access, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../../../../src/cli/up/run-program.ts';
import { withServicesHeld } from '../../../../src/cli/up/setup/hold-services.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('while packages are installed the policy forbids to start services, afterwards there is none as before', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'policy-rc.d');
  const { code } = await withServicesHeld(file, () => runProgram(file, [], { env: {}, timeoutMs: 5_000 }));
  expect(code).toBe(101);
  expect(await readdir(dir.path)).toEqual([]);
});

test('the policy that was there is put back, also when the installation fails', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'policy-rc.d');
  await writeFile(file, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const failing = withServicesHeld(file, async () => {
    expect(await readFile(file, 'utf8')).toContain('exit 101');
    throw new Error('no such package');
  });
  await expect(failing).rejects.toThrow('no such package');
  expect(await readFile(file, 'utf8')).toContain('exit 0');
  expect((await stat(file)).mode & 0o777).toBe(0o755);
});

test('what a run that was killed has set aside is put back by the next one', async () => {
  await using dir = await temporaryDirectory();
  const file = join(dir.path, 'policy-rc.d');
  await writeFile(file, '#!/bin/sh\nexit 0\n');
  const killed = Promise.withResolvers<void>();
  void withServicesHeld(file, () => killed.promise);
  while (!(await readFile(file, 'utf8').catch(() => '')).includes('exit 101')) await access(dir.path);
  await withServicesHeld(file, async () => undefined);
  expect(await readFile(file, 'utf8')).toContain('exit 0');
});
