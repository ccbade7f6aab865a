import { expect, test } from 'vitest';
import { FAILPOINTS } from '../../src/ops/failpoints.ts';
import { MATRIX, ONE_OF_EACH_CLASS } from './matrix.ts';
import { startOwnEngine } from './rig/own-engine.ts';
import { runCase } from './run-case.ts';

const onMachinesEngine = ONE_OF_EACH_CLASS.filter(({ ownEngine }) => ownEngine === undefined);
const onOwnEngine = ONE_OF_EACH_CLASS.filter(({ ownEngine }) => ownEngine !== undefined);
const noEngine = () => Promise.reject(new Error('this case kills no engine'));

test('every failpoint has its case, and no two cases share a name', () => {
  const names = MATRIX.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(Object.keys(FAILPOINTS).map((name) => `failpoint.${name}`)));
});

test.each(onMachinesEngine)('every law holds again after $name', { timeout: 120_000 }, async (fault) => {
  expect((await runCase(fault, { engine: noEngine })).wrong).toEqual([]);
});

test.each(onOwnEngine)('every law holds again after $name', { timeout: 180_000 }, async (fault) => {
  await using engine = await startOwnEngine();
  expect((await runCase(fault, { engine: async () => engine })).wrong).toEqual([]);
});
