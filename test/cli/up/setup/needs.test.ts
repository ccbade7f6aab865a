import { expect, test } from 'vitest';
import { lookAtMachine } from '../../../../src/cli/up/setup/machine.ts';
import { isAtLeast, missingOf, needsOf, type Found } from '../../../../src/cli/up/setup/needs.ts';

const all = (version: string | null): Map<string, Found> =>
  new Map(needsOf('test').map(({ program }) => [program, { version }]));

test('nothing is missing where every program is there in a version that will do', () => {
  expect(missingOf(needsOf('test'), all('7.0.15'))).toEqual([]);
});

test('a program that is absent is missing, and no other', () => {
  const found = all('7.0.15').set('git', null);
  expect(missingOf(needsOf('start'), found)).toMatchObject([{ need: { program: 'git' }, why: 'is not there' }]);
});

test('a module of Python is asked for by its own name, so that another of the same package does not stand in for it', async () => {
  const machine = await lookAtMachine({ PATH: '/usr/bin:/bin' });
  const needs = ['json', 'no_such_module'].map((program) => ({ program, isPythonModule: true as const, packages: [] }));
  expect(missingOf(needs, await machine.find(needs))).toMatchObject([{ need: { program: 'no_such_module' } }]);
});

test('a Redis that is too old, or does not tell its version, is missing', () => {
  expect(missingOf(needsOf('start'), all('6.0.16'))).toMatchObject([
    { need: { program: 'redis-server' }, why: 'is 6.0.16, and 6.2 or later is needed' },
  ]);
  expect(missingOf(needsOf('start'), all(null))).toHaveLength(1);
});

test('a browser is needed for tests alone', () => {
  expect(needsOf('start').map(({ program }) => program)).not.toContain('chromium');
  expect(needsOf('test').map(({ program }) => program)).toContain('chromium');
});

test.each([
  ['6.2', '6.2', true],
  ['6.2.14', '6.2', true],
  ['10.0', '6.2', true],
  ['6.10', '6.2', true],
  ['6.1.9', '6.2', false],
  ['6', '6.2', false],
])('version %s is at least %s: %s', (version, wanted, answer) => {
  expect(isAtLeast(version, wanted)).toBe(answer);
});
