import { expect, test } from 'vitest';
import { createFairSlots, TooManyWaiting, type FairSlots } from '../../src/egress/limits/fair-slots.ts';

const GO_ON = new AbortController().signal;

/** Work that begins when it has a place, and ends when it is told to. */
function start(slots: FairSlots, key: string, begun: string[], signal = GO_ON) {
  const end = Promise.withResolvers<void>();
  const done = slots.run(key, signal, async () => {
    begun.push(key);
    await end.promise;
  });
  done.catch(() => undefined);
  return { done, end: () => end.resolve() };
}

/** Until whatever can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('keys that wait take turns, however many pieces of work one of them has waiting', async () => {
  const slots = createFairSlots({ places: 1, perKey: 1, waitingPerKey: 10 });
  const begun: string[] = [];
  const works = ['a', 'a', 'a', 'a', 'b', 'c', 'b'].map((key) => start(slots, key, begun));
  for (const work of works) work.end();
  await Promise.all(works.map(({ done }) => done));
  expect(begun).toEqual(['a', 'a', 'b', 'c', 'a', 'b', 'a']);
});

test('one key has no more than its share, though places are free', async () => {
  const slots = createFairSlots({ places: 4, perKey: 2, waitingPerKey: 10 });
  const begun: string[] = [];
  const [first] = ['a', 'a', 'a'].map((key) => start(slots, key, begun));
  start(slots, 'b', begun);
  await settled();
  expect(begun).toEqual(['a', 'a', 'b']);
  first?.end();
  await settled();
  expect(begun).toEqual(['a', 'a', 'b', 'a']);
});

test('work that is given up while it waits frees its turn, and holds no place', async () => {
  const slots = createFairSlots({ places: 1, perKey: 1, waitingPerKey: 10 });
  const begun: string[] = [];
  const running = start(slots, 'a', begun);
  const gone = new AbortController();
  const waiting = start(slots, 'b', begun, gone.signal);
  start(slots, 'c', begun);
  gone.abort(new Error('the client went away'));
  await expect(waiting.done).rejects.toThrow('the client went away');
  running.end();
  await settled();
  expect(begun).toEqual(['a', 'c']);
  await expect(slots.run('d', gone.signal, async () => undefined)).rejects.toThrow('the client went away');
});

test('work that fails gives its place back, and its failure to its caller alone', async () => {
  const slots = createFairSlots({ places: 1, perKey: 1, waitingPerKey: 10 });
  const failed = slots.run('a', GO_ON, async () => Promise.reject(new Error('broken')));
  await expect(failed).rejects.toThrow('broken');
  await expect(slots.run('b', GO_ON, async () => 'well')).resolves.toBe('well');
});

test('a key that has too much waiting is refused more, and nobody else is', async () => {
  const slots = createFairSlots({ places: 1, perKey: 1, waitingPerKey: 2 });
  const begun: string[] = [];
  for (let i = 0; i < 3; i++) start(slots, 'a', begun);
  await expect(slots.run('a', GO_ON, async () => undefined)).rejects.toThrow(TooManyWaiting);
  const other = start(slots, 'b', begun);
  other.end();
  await settled();
  expect(begun).toEqual(['a']);
});

test('work that is slow moves aside for what is over soon, and still counts for its key', async () => {
  const slots = createFairSlots({ places: 1, perKey: 1, waitingPerKey: 10, slow: { afterMs: 20, places: 1 } });
  const begun: string[] = [];
  const works = ['slow', 'slow', 'slow too', 'quick'].map((key) => start(slots, key, begun));
  await expect.poll(() => begun).toEqual(['slow', 'slow too']);
  // The only place for slow work is taken, so the second one keeps the other.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(begun).toEqual(['slow', 'slow too']);
  works[0]?.end();
  await expect.poll(() => begun).toEqual(['slow', 'slow too', 'slow']);
  works[1]?.end();
  await expect.poll(() => begun).toEqual(['slow', 'slow too', 'slow', 'quick']);
  for (const { end } of works) end();
  await Promise.all(works.map(({ done }) => done));
});
