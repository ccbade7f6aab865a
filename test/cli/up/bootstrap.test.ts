import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { isRoot } from '../../support/as-root.ts';
import { commandAs } from '../../support/processes.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const BOOTSTRAP = 'src/cli/up/bootstrap.mjs';

interface Project extends AsyncDisposable {
  run(...args: string[]): ChildProcess & { said: Promise<string>; printed: Promise<string> };
  path: string;
}

/** A project of its own around the real bootstrap: with this `main.ts`, this `npm`, and packages installed or not. */
async function project(options: { main: string; npm?: string; installed: boolean }): Promise<Project> {
  const dir = await temporaryDirectory();
  const put = async (file: string, content: string, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(dir.path, file)), { recursive: true });
    await writeFile(join(dir.path, file), content, { mode });
  };
  await put('src/cli/up/main.ts', options.main);
  await put('package.json', '{"type": "module"}');
  await put('package-lock.json', '{}');
  await put('bin/npm', `#!/bin/sh\n${options.npm ?? 'echo npm was not wanted >&2; exit 1'}\n`, 0o755);
  await copyFile(join(import.meta.dirname, '../../..', BOOTSTRAP), join(dir.path, BOOTSTRAP));
  if (options.installed) await put('node_modules/.package-lock.json', '{}');
  await mkdir(join(dir.path, 'node_modules/.bin'), { recursive: true });
  await symlink(process.execPath, join(dir.path, 'node_modules/.bin/node'));
  return {
    path: dir.path,
    [Symbol.asyncDispose]: dir[Symbol.asyncDispose],
    run(...args) {
      const env = { PATH: `${join(dir.path, 'bin')}:${process.env['PATH']}` };
      const child = spawn(process.execPath, [join(dir.path, BOOTSTRAP), ...args], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const read = Promise.all([text(child.stdout), text(child.stderr)]);
      return Object.assign(child, {
        said: read.then((parts) => parts.join('')),
        printed: read.then(([printed]) => printed),
      });
    },
  };
}

test('with its packages in place it runs the command with its arguments and ends with its exit code', async () => {
  await using it = await project({
    installed: true,
    main: 'console.log(process.argv.slice(2).join()); process.exit(7)',
  });
  const child = it.run('test', '--flag');
  expect(await once(child, 'exit')).toEqual([7, null]);
  expect(await child.said).toBe('test,--flag\n');
});

test('the command finds the tools of the project first on its PATH', async () => {
  await using it = await project({ installed: true, main: "console.log(process.env['PATH']?.split(':')[0])" });
  expect((await it.run('check').said).trim()).toBe(join(it.path, 'node_modules/.bin'));
});

test('missing packages are installed first, exactly as locked and with those for development', async () => {
  const npm = 'echo "$@" > npm-was-called; mkdir -p node_modules; echo {} > node_modules/.package-lock.json';
  await using it = await project({ installed: false, npm, main: "console.log('main runs')" });
  const said = await it.run('start').said;
  expect(said).toMatch(/… packages: npm install\n✓ packages {2}\d+\.\d s\nmain runs\n/);
  expect(await readFile(join(it.path, 'npm-was-called'), 'utf8')).toContain('install --no-save --include=dev');
});

test('of the command only its own words are on standard output', async () => {
  const npm = 'mkdir -p node_modules; echo {} > node_modules/.package-lock.json';
  await using it = await project({ installed: false, npm, main: "console.log('ses_1')" });
  expect(await it.run('cli').printed).toBe('ses_1\n');
});

test('with the real npm it installs the first time only', async () => {
  await using it = await project({ installed: false, npm: 'PATH="${PATH#*:}" exec npm "$@"', main: '' });
  // One package, which lies beside it: nothing is fetched.
  const manifest = { name: 'x', version: '1.0.0', dependencies: { y: 'file:y' } };
  const packages = { '': manifest, 'node_modules/y': { resolved: 'y', link: true }, y: { version: '1.0.0' } };
  await mkdir(join(it.path, 'y'));
  await writeFile(join(it.path, 'y/package.json'), '{ "name": "y", "version": "1.0.0" }');
  await writeFile(join(it.path, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(it.path, 'package-lock.json'), JSON.stringify({ ...manifest, lockfileVersion: 3, packages }));
  expect(await it.run('start').said).toMatch(/✓ packages/);
  expect(await it.run('start').said).toBe('');
});

test('packages older than the lock file are installed again', async () => {
  await using it = await project({ installed: true, npm: 'touch npm-was-called', main: '' });
  const hourAgo = Date.now() / 1_000 - 3_600;
  await utimes(join(it.path, 'node_modules/.package-lock.json'), hourAgo, hourAgo);
  await it.run('start').said;
  expect(await readFile(join(it.path, 'npm-was-called'), 'utf8')).toBe('');
});

test.runIf(isRoot)('a user who may not install them is told whose they are, and npm is not tried', async () => {
  await using it = await project({ installed: false, npm: 'touch npm-was-called', main: '' });
  await chmod(it.path, 0o755);
  const node = join(it.path, 'node');
  await copyFile(process.execPath, node);
  const stranger = { uid: 64_401, gid: 64_401, groups: [] };
  const [program, args] = commandAs(stranger, [node, join(it.path, BOOTSTRAP), 'start']);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect(said).toContain(`user 64401 may not write to ${join(it.path, 'node_modules')}. Have its owner, user 0, run`);
  await rm(node);
});

test('when npm fails its errors are shown with the command to run, without its warnings and usage', async () => {
  const npm = "printf 'npm warn old\\nnpm error code ENOTFOUND\\nnpm error\\nnpm error no such host\\n' >&2; exit 1";
  await using it = await project({ installed: false, npm, main: "console.log('main runs')" });
  const child = it.run('start');
  expect(await once(child, 'exit')).toEqual([1, null]);
  const said = await child.said;
  expect(said).toContain('npm error code ENOTFOUND\nnpm error no such host\nPut that right, then run: npm install\n');
  expect(said).not.toMatch(/npm warn|main runs/);
});

test('a signal is for the command to act on, and its exit code is kept', async () => {
  const main = "process.on('SIGINT', () => process.exit(3)); console.log('up'); setInterval(() => {}, 1000);";
  await using it = await project({ installed: true, main });
  const child = it.run('start');
  await once(child.stdout ?? child, 'data');
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([3, null]);
});

test('when the command is ended by a signal it ends the same way', async () => {
  await using it = await project({ installed: true, main: "process.kill(process.pid, 'SIGKILL')" });
  expect(await once(it.run('start'), 'exit')).toEqual([null, 'SIGKILL']);
});
