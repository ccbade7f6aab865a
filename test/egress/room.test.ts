import { expect, test } from 'vitest';
import { createRoom } from '../../src/egress/limits/room.ts';

const MIB = 1024 * 1024;
const limits = { perHolding: 4 * MIB, perKey: 6 * MIB, inAll: 10 * MIB };

function rig() {
  const gaveWay: string[] = [];
  const room = createRoom(limits);
  const hold = (key: string, name = key) => room.hold(key, () => gaveWay.push(name));
  return { gaveWay, hold };
}

test('a holding and a key have their bounds, and what is given back can be taken again', () => {
  const { hold, gaveWay } = rig();
  const [one, two] = [hold('a'), hold('a')];
  expect(one.take(4 * MIB)).toBeNull();
  expect(one.take(1)).toBe('it is larger than 4 MB');
  expect(two.take(2 * MIB)).toBeNull();
  expect(two.take(1)).toBe('this session has too much on its way to the repo host');
  one[Symbol.dispose]();
  expect(two.take(2 * MIB)).toBeNull();
  expect(gaveWay).toEqual([]);
});

test('whoever holds the most gives way to one that holds less, and never the other way', () => {
  const { hold, gaveWay } = rig();
  const [small, large, other] = [hold('a', 'small of a'), hold('a', 'large of a'), hold('b')];
  expect(small.take(2 * MIB)).toBeNull();
  expect(large.take(4 * MIB)).toBeNull();
  expect(other.take(4 * MIB)).toBeNull();
  const neighbour = hold('neighbour');
  expect(neighbour.take(MIB)).toBeNull();
  expect(gaveWay).toEqual(['large of a']);
  expect(large.take(1)).toMatch(/others need the room/);
  expect(hold('c').take(3 * MIB)).toBeNull();
  // Now b holds the most, and asks for more than anybody has.
  expect(hold('b').take(2 * MIB)).toBe('too many pushes are looked into right now');
  expect(gaveWay).toEqual(['large of a']);
});

test('however many take all they can, there is a share for who comes last', () => {
  const { hold, gaveWay } = rig();
  for (let i = 0; i < 50; i++) {
    const holding = hold(`greedy ${i}`);
    for (let taken = 0; taken < 4; taken++) holding.take(MIB);
  }
  expect(hold('neighbour').take(MIB / 2)).toBeNull();
  expect(gaveWay).not.toContain('neighbour');
});
