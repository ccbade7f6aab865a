import { expect, it } from 'vitest';
import { createAbsences } from '../../../workers/reconcile/absences.ts';

it('an engine is away from the last look at which it was seen, or from the first look of this process', () => {
  let now = 1_000;
  const absences = createAbsences(() => now);
  absences.see(new Set(['a']));
  now += 500;
  absences.see(new Set(['a']));
  now += 500;
  absences.see(new Set());
  expect(absences.of('a')).toBe(500);
  expect(absences.of('never seen')).toBe(1_000);
  absences.see(new Set(['a']));
  expect(absences.of('a')).toBe(0);
});

it('time in which nobody could look does not count', () => {
  let now = 0;
  const absences = createAbsences(() => now);
  absences.see(new Set(['a']));
  now += 3_600_000;
  expect(absences.of('a')).toBe(0);
});
