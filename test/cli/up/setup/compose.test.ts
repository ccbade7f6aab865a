import { expect, test } from 'vitest';
import { ensureCompose, sourcesFor } from '../../../../src/cli/up/setup/compose.ts';
import { quietProgress } from '../../support/quiet-progress.ts';

const machine = { isRoot: true, hasApt: false, find: async () => new Map() };

test('whoever has no Compose, and no Debian to take it from, is told to install it', async () => {
  const bare = { ...machine, env: { PATH: '/nonexistent' } };
  await expect(ensureCompose({ machine: bare, progress: quietProgress() })).rejects.toThrow(
    'The tests need Docker Compose v2, and there is no Debian here',
  );
});

test("a machine's own sources serve for another release, in either of apt's formats", () => {
  expect(sourcesFor('next', 'now', 'deb mirror:/list now main\n')).toBe('deb mirror:/list next main\n');
  expect(sourcesFor('next', 'now', 'Suites: now now-updates\nComponents: main\n')).toBe(
    'Suites: next next-updates\nComponents: main\n',
  );
});

test('sources of other software are left out', () => {
  expect(sourcesFor('next', 'now', 'Suites: nodistro\n')).toBeNull();
});
