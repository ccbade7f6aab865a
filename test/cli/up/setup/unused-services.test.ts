import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withoutUnusedServices } from '../../../../src/cli/up/setup/unused-services.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** A PATH on which Debian's programs only note how they are called; those packages are installed. */
async function debianIn(dir: string, installed: string[]) {
  const calls = join(dir, 'calls');
  await writeFile(calls, '');
  const program = (name: string, script: string): Promise<void> =>
    writeFile(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const states = installed.map((name) => `${name}) printf installed ;;`).join(' ');
  await program('dpkg-query', `for last; do :; done; case "$last" in ${states} *) exit 1 ;; esac`);
  await program('update-rc.d', `echo "update-rc.d $*" >> ${calls}`);
  const install = async (): Promise<void> => writeFile(calls, `${await readFile(calls, 'utf8')}install\n`);
  return { env: { PATH: `${dir}:/bin:/usr/bin` }, install, calls: () => readFile(calls, 'utf8') };
}

test('the service of a Redis that was installed here does not start with the next boot', async () => {
  await using dir = await temporaryDirectory();
  const debian = await debianIn(dir.path, []);
  await withoutUnusedServices(['git', 'redis-server', 'docker.io'], debian.env, debian.install);
  expect(await debian.calls()).toBe('install\nupdate-rc.d redis-server disable\n');
});

test('the service of a Redis that its user had before stays as it is', async () => {
  await using dir = await temporaryDirectory();
  const debian = await debianIn(dir.path, ['redis-server']);
  await withoutUnusedServices(['redis-server'], debian.env, debian.install);
  expect(await debian.calls()).toBe('install\n');
});

test('a service that cannot be disabled is named, with the command that does it', async () => {
  await using dir = await temporaryDirectory();
  const debian = await debianIn(dir.path, []);
  await writeFile(join(dir.path, 'update-rc.d'), '#!/bin/sh\necho no such runlevel >&2\nexit 1\n');
  const failing = withoutUnusedServices(['redis-server'], debian.env, debian.install);
  await expect(failing).rejects.toThrow(/no such runlevel[^]*update-rc.d redis-server disable/);
});
