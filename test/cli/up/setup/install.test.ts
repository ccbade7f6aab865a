import { expect, test } from 'vitest';
import { cannotInstall, ensurePrograms } from '../../../../src/cli/up/setup/install.ts';
import type { Machine } from '../../../../src/cli/up/setup/machine.ts';
import { missingOf, needsOf } from '../../../../src/cli/up/setup/needs.ts';
import { quietProgress } from '../../support/quiet-progress.ts';

const bare: Machine = { isRoot: false, hasApt: true, env: {}, find: async () => new Map() };

test('a user who is not root is told what is missing and the one command that installs it', async () => {
  const refused = ensurePrograms({ machine: bare, progress: quietProgress() }, needsOf('start'));
  await expect(refused).rejects.toThrow(/git is not there[^]*redis-server is not there/);
  await expect(refused).rejects.toThrow(
    'sudo apt-get install --no-install-recommends git ca-certificates redis-server',
  );
});

test('root of a system without apt is told what is missing, under the names that Debian gives it', async () => {
  const machine = { ...bare, isRoot: true, hasApt: false };
  await expect(ensurePrograms({ machine, progress: quietProgress() }, needsOf('start'))).rejects.toThrow(
    "this system's package manager",
  );
});

test('nothing is installed and nothing shown where all is there', async () => {
  const progress = quietProgress();
  const machine: Machine = {
    ...bare,
    find: async (needs) => new Map(needs.map((n) => [n.program, { version: '7.0' }])),
  };
  await ensurePrograms({ machine, progress }, needsOf('test'));
  expect(progress.lines).toEqual([]);
});

test('a package that two missing programs need is named once', () => {
  const needs = [
    { program: 'a', packages: ['p'] },
    { program: 'b', packages: ['p', 'q'] },
  ];
  expect(cannotInstall(missingOf(needs, new Map()), true)).toMatch(/ p q$/);
});
