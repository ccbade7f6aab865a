import { expect, test } from 'vitest';
import { FAILPOINTS } from '../../src/ops/failpoints.ts';
import { A_FEW, MATRIX, ONE_OF_EACH_CLASS } from './matrix.ts';
import { runCase } from './run-case.ts';

const noEngine = () => Promise.reject(new Error('this case kills no engine'));

test('every failpoint has its case, and no two cases share a name', () => {
  const names = MATRIX.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(A_FEW).toHaveLength(5);
  expect(ONE_OF_EACH_CLASS).toHaveLength(13);
  expect(names).toEqual(expect.arrayContaining(Object.keys(FAILPOINTS).map((name) => `failpoint.${name}`)));
});

test.each(A_FEW)('every law holds again after $name', { timeout: 120_000 }, async (fault) => {
  expect((await runCase(fault, { engine: noEngine })).wrong).toEqual([]);
});
