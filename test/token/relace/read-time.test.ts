import { expect, test } from 'vitest';
import { readTime } from '../../../src/token/relace/read-time.ts';

test.each([
  ['2026-01-02T03:04:05.000Z'],
  ['2026-01-02T03:04:05'],
  ['2026-01-02 03:04:05'],
  ['2026-01-02T04:04:05+01:00'],
  ['2026-01-02T02:04:05-0100'],
  [1_767_323_045],
  [1_767_323_045_000],
])('%s is read as what it means, wherever this process runs', (time) => {
  expect(readTime(time)).toBe('2026-01-02T03:04:05.000Z');
});

test.each([[null], [undefined], ['soon'], [''], [Number.MAX_VALUE], [{}], [['2026']]])('%j is no time', (time) => {
  expect(readTime(time)).toBeNull();
});
