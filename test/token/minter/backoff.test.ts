import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/token/minter/backoff.ts';

describe('the wait before the next try', () => {
  it('lies anywhere under a ceiling that doubles from 1 s to 60 s', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 1_000_000].map((attempt) => backoffMs(attempt, null, () => 1));
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(backoffMs(7, null, () => 0)).toBe(0);
    expect(backoffMs(7, null, () => 0.5)).toBe(30_000);
  });

  it('is at least what the provider asked for, but never over a minute', () => {
    expect(backoffMs(1, 7_000, () => 1)).toBe(7_000);
    expect(backoffMs(7, 7_000, () => 0.5)).toBe(30_000);
    expect(backoffMs(1, 3_600_000, () => 0)).toBe(60_000);
  });
});
