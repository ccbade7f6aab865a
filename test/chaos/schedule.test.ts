import { expect, test } from 'vitest';
import { makeSchedule, TARGETS } from './schedule.ts';

const WANTED = { seed: 7, minutes: 2, sessions: 30 };

test('a seed decides what happens and when; another seed gives another schedule', () => {
  expect(makeSchedule(WANTED)).toEqual(makeSchedule(WANTED));
  expect(makeSchedule({ ...WANTED, seed: 8 })).not.toEqual(makeSchedule(WANTED));
});

test('all sessions and every kind of kill are in it, in order of time, and it ends before its time', () => {
  const schedule = makeSchedule(WANTED);
  expect(schedule.filter(({ kind }) => kind === 'session')).toHaveLength(30);
  const killed = new Set(schedule.flatMap((action) => (action.kind === 'kill' ? [action.target] : [])));
  expect([...killed].toSorted()).toEqual([...TARGETS].toSorted());
  const times = schedule.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(2 * 60_000);
});
