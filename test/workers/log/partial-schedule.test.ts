import { describe, expect, test } from 'vitest';
import { PartialSchedule, type Begun } from '../../../workers/log/partial-schedule.ts';

const begun = (marks: Partial<Record<Begun, number>>) => new Map(Object.entries(marks) as [Begun, number][]);

describe('when the beginning of a line is given', () => {
  test('soon after it came, and not at all when its end was in time', () => {
    const schedule = new PartialSchedule();
    schedule.look(begun({ stdout: 1 }), 1_000);
    expect(schedule.waitMs(1_000)).toBe(100);
    expect(schedule.take(1_099)).toEqual([]);
    schedule.look(begun({}), 1_099);
    expect(schedule.waitMs(1_100)).toBeNull();
    expect(schedule.take(1_100)).toEqual([]);
  });

  test('counts from when it began and not from when it last grew', () => {
    const schedule = new PartialSchedule();
    for (let nowMs = 0; nowMs < 100; nowMs += 10) schedule.look(begun({ stdout: 1 }), nowMs);
    expect(schedule.take(100)).toEqual(['stdout']);
  });

  test('counts anew for each line, so that ordinary output is given in whole lines', () => {
    const schedule = new PartialSchedule();
    for (let mark = 1; mark < 100; mark++) {
      schedule.look(begun({ stdout: mark }), mark * 50);
      expect(schedule.take(mark * 50)).toEqual([]);
    }
  });

  test('is at most every 250 ms, whatever comes', () => {
    const schedule = new PartialSchedule();
    const givenAtMs: number[] = [];
    for (let [nowMs, mark] = [0, 0]; nowMs < 5_000; nowMs++) {
      schedule.look(begun({ stdout: mark, stderr: mark }), nowMs);
      const given = schedule.take(nowMs);
      if (given.length === 0) continue;
      expect(given).toEqual(['stdout', 'stderr']);
      givenAtMs.push(nowMs);
      mark++;
    }
    expect(givenAtMs).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i * 250));
  });

  test('is later for progress, of which one state a second is enough', () => {
    const schedule = new PartialSchedule();
    schedule.look(begun({ progress: 1, stderr: 2 }), 0);
    expect(schedule.take(100)).toEqual(['stderr']);
    expect(schedule.waitMs(100)).toBe(900);
    expect(schedule.take(1_000)).toEqual(['progress']);
  });
});
