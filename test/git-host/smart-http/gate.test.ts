import { expect, test } from 'vitest';
import { createGate, type Gate } from '../../../src/git-host/smart-http/gate.ts';

/** What may begin begins in the turn of the event loop that follows. */
const settled = () => new Promise(setImmediate);
const forever = new AbortController().signal;

/** Work that is under way until it is told to end, with the order in which it began. */
function workshop(gate: Gate) {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    began,
    start: (caller: string, name: string, signal = forever) =>
      gate.run(caller, signal, async () => {
        began.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
      }),
    end: async (name: string) => {
      ends.get(name)?.();
      await settled();
    },
  };
}

test('no more runs than there are places, and who waits comes in when one leaves', async () => {
  const { began, start, end } = workshop(createGate({ places: 2, waitMs: 60_000 }));
  for (const name of ['a', 'b', 'c']) void start(name, name);
  await settled();
  expect(began).toEqual(['a', 'b']);
  await end('a');
  expect(began).toEqual(['a', 'b', 'c']);
});

test('one caller never has the last quarter of the places, and who has least goes first', async () => {
  const { began, start, end } = workshop(createGate({ places: 4, waitMs: 60_000 }));
  for (const name of ['greedy 1', 'greedy 2', 'greedy 3', 'greedy 4']) void start('greedy', name);
  await settled();
  expect(began).toEqual(['greedy 1', 'greedy 2', 'greedy 3']);
  void start('modest', 'modest 1');
  void start('modest', 'modest 2');
  await settled();
  expect(began.at(-1)).toBe('modest 1');
  await end('greedy 1');
  expect(began.at(-1)).toBe('modest 2');
  await end('modest 1');
  expect(began.at(-1)).toBe('greedy 4');
});

test('who has waited too long hears that the host is busy, and who went away waits no more', async () => {
  const { began, start, end } = workshop(createGate({ places: 1, waitMs: 50 }));
  void start('a', 'first');
  const gone = new AbortController();
  const [late, left] = [start('b', 'late'), start('c', 'left', gone.signal)];
  gone.abort(new Error('the client went away'));
  await expect(left).rejects.toThrow('the client went away');
  await expect(late).rejects.toMatchObject({ code: 'busy' });
  await end('first');
  expect(began).toEqual(['first']);
});

test('work that fails gives its place back', async () => {
  const gate = createGate({ places: 1, waitMs: 60_000 });
  await expect(gate.run('a', forever, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await gate.run('a', forever, async () => 'served')).toBe('served');
});
