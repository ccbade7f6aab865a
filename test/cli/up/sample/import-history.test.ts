import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../../../../src/cli/up/run-program.ts';
import { createGit, type Git } from '../../../../src/cli/up/sample/git.ts';
import { importHistory } from '../../../../src/cli/up/sample/import-history.ts';
import { readBack } from '../../../../src/cli/up/sample/read-back.ts';
import { Secret } from '../../../../src/token/secret.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const KEY = 'obviously-fake-account-key';
const git = createGit({ PATH: process.env['PATH'] }, { url: 'http://127.0.0.1:1/v1', key: new Secret(KEY) });

async function place(dir: string): Promise<{ checkout: string; sample: string }> {
  const [checkout, sample] = [join(dir, 'checkout'), join(dir, 'sample.git')];
  await mkdir(checkout);
  await git(dir, 'init', '--quiet', '--bare', sample);
  return { checkout, sample };
}

async function commit(dir: string, name: string, using: Git = git): Promise<void> {
  await writeFile(join(dir, name), name);
  await using(dir, 'add', name);
  await using(dir, 'commit', '--quiet', '--message', name);
}

test('the history of the checkout becomes main of the sample, and once more after it was rewritten', async () => {
  await using dir = await temporaryDirectory();
  const { checkout, sample } = await place(dir.path);
  await git(checkout, 'init', '--quiet');
  await commit(checkout, 'one');
  await commit(checkout, 'two');
  expect(await importHistory(git, checkout, sample)).toBe('2 commits of this project');
  await git(checkout, 'commit', '--quiet', '--amend', '--message', 'three');
  await importHistory(git, checkout, sample);
  expect(await git(sample, 'log', '--format=%s', 'main')).toBe('three\none');
  expect(await readBack(git, sample, 'main')).toMatch(/^[0-9a-f]+ Daypass: three\n\n two \| 1 \+/);
});

test.each([
  ['is no repository', async () => undefined],
  ['has no commit', async (checkout: string) => void (await git(checkout, 'init', '--quiet'))],
  [
    'lies in a repository of something else',
    async (checkout: string) => {
      const around = join(checkout, '..');
      await git(around, 'init', '--quiet');
      await commit(around, 'other');
    },
  ],
  [
    'has only a part of its history',
    async (checkout: string) => {
      const whole = join(checkout, '../whole');
      await mkdir(whole);
      await git(whole, 'init', '--quiet');
      await commit(whole, 'one');
      await commit(whole, 'two');
      await git(checkout, 'clone', '--quiet', '--depth=1', `file://${whole}`, '.');
    },
  ],
])('a checkout that %s gives the sample a small history instead', async (_what, prepare) => {
  await using dir = await temporaryDirectory();
  const { checkout, sample } = await place(dir.path);
  await prepare(checkout);
  expect(await importHistory(git, checkout, sample)).toContain('small history');
  expect(await git(sample, 'log', '--format=%s', 'main')).toBe('Begin the sample');
});

test('the key reaches git by its environment alone, for the repo host alone', async () => {
  await using dir = await temporaryDirectory();
  const seen = join(dir.path, 'seen');
  await writeFile(join(dir.path, 'git'), `#!/bin/sh\nprintf '%s\\n' "$*" > '${seen}'\nenv >> '${seen}'\n`, {
    mode: 0o755,
  });
  const spy = createGit(
    { PATH: `${dir.path}:${process.env['PATH']}`, AWS_SECRET_ACCESS_KEY: 'x' },
    { url: 'http://127.0.0.1:1/v1', key: new Secret(KEY) },
  );
  await spy(dir.path, 'push', 'http://127.0.0.1:1/v1/repo/x.git');
  const { stdout } = await runProgram('cat', [seen], { env: {}, timeoutMs: 5_000 });
  const [argv = '', ...env] = stdout.split('\n');
  const encoded = Buffer.from(`token:${KEY}`).toString('base64');
  expect(argv).toBe('push http://127.0.0.1:1/v1/repo/x.git');
  expect(env.join('\n')).toMatch(/GIT_CONFIG_KEY_0=http\.http:\/\/127\.0\.0\.1:1\/\.extraHeader/);
  expect(env.join('\n')).toContain(encoded);
  expect(env.join('\n')).not.toContain('AWS_SECRET_ACCESS_KEY');
});
