import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from '../../src/ops/turns.ts';

test('so much runs at once, in the order in which it came, and what fails gives its turn on', async () => {
  const inTurn = createTurns(2);
  const begun: number[] = [];
  let [running, most] = [0, 0];
  const work = async (at: number): Promise<number> => {
    begun.push(at);
    most = Math.max(most, ++running);
    await sleep(1);
    running--;
    if (at === 1) throw new Error('it fails');
    return at;
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, (_, at) => inTurn(() => work(at))));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', ...Array(4).fill('fulfilled')]);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});
