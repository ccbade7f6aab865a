import { expect, test } from 'vitest';
import { AT_ONCE, chooseNext, OF_ONE_KEY } from '../../workers/webhooks/choose-next.ts';

const due = (keyId: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ sessionId: `${keyId}_${index}`, keyId }));
const underWay = (...tries: { sessionId: string; keyId: string }[]) =>
  new Map(tries.map(({ sessionId, keyId }) => [sessionId, keyId]));
const of = (chosen: { keyId: string }[], keyId: string) => chosen.filter((one) => one.keyId === keyId).length;

test('one key has its share of the tries and no more, the longest due first', () => {
  const chosen = chooseNext(due('a', 100), underWay());
  expect(chosen).toEqual(due('a', 100).slice(0, OF_ONE_KEY));
  expect(chooseNext(due('a', 100), underWay(...chosen))).toEqual([]);
});

test('what is under way is not begun again, and counts for its key', () => {
  expect(chooseNext(due('a', 3), underWay(...due('a', 2)))).toEqual([{ sessionId: 'a_2', keyId: 'a' }]);
});

test('keys that wait share what is free, however much of each is due and since when', () => {
  const chosen = chooseNext([...due('a', 1_000), ...due('b', 1_000), ...due('c', 1)], underWay());
  expect(chosen).toHaveLength(AT_ONCE);
  expect(of(chosen, 'c')).toBe(1);
  expect(Math.abs(of(chosen, 'a') - of(chosen, 'b'))).toBeLessThanOrEqual(1);
});

test('the one place that is free goes to the key with the fewest tries', () => {
  const busy = [...due('a', OF_ONE_KEY), ...due('b', AT_ONCE - OF_ONE_KEY - 1)];
  const chosen = chooseNext([...due('b', 100), ...due('c', 1)], underWay(...busy));
  expect(chosen).toEqual([{ sessionId: 'c_0', keyId: 'c' }]);
});
