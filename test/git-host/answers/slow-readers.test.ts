import { expect, test } from 'vitest';
import { createSlowReaders } from '../../../src/git-host/answers/slow-readers.ts';

test('of too many slow clones the longest of the caller who has most is cut', () => {
  const cut: string[] = [];
  const slow = createSlowReaders({ slow: 3, slowPerCaller: 2 });
  const add = (caller: string, name: string) => slow.add(caller, () => cut.push(name));
  const leaveFirst = add('greedy', 'greedy 1');
  add('greedy', 'greedy 2');
  add('greedy', 'greedy 3');
  expect(cut).toEqual(['greedy 1']);
  leaveFirst();
  add('modest', 'modest 1');
  add('other', 'other 1');
  expect(cut).toEqual(['greedy 1', 'greedy 2']);
});
