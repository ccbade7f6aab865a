import { expect, test } from 'vitest';
import { createBudget, type Share } from '../../../src/git-host/incoming/budget.ts';

const KIB = 1024;
const bounds = {
  bodies: 100,
  bodiesPerCaller: 100,
  memoryBytes: KIB,
  memoryBytesPerBody: KIB,
  diskBytes: 1_024 * KIB,
  diskBytesPerCaller: 256 * KIB,
};
const coming = { recentBytes: () => 0, giveWay: () => undefined };

/** Takes the disk in small pieces until it is refused, and gives what it got. */
function takeAll(share: Share): number {
  for (let taken = 0; ; taken += KIB) {
    try {
      share.takeDisk(KIB);
    } catch {
      return taken;
    }
  }
}

test('tokens that keep all they can get leave room for the next one, and the account finds the rest', () => {
  const budget = createBudget(bounds);
  const taken = Array.from({ length: 6 }, (_, at) => {
    const share = budget.open(`token-${at}`, coming);
    const bytes = takeAll(share);
    // It has arrived and is worked on: it gives way to none.
    share.arrived();
    return bytes / KIB;
  });
  expect(taken).toEqual([256, 256, 256, 128, 64, 32]);
  expect(takeAll(budget.open('account', coming)) / KIB).toBe(32);
});

test('a body that ends gives its bytes back', () => {
  const budget = createBudget(bounds);
  const share = budget.open('token', coming);
  expect(takeAll(share)).toBe(256 * KIB);
  share.end();
  expect(takeAll(budget.open('token', coming))).toBe(256 * KIB);
});
