import { expect, test } from 'vitest';
import { createRepoLocks } from '../../../src/git-host/repos/repo-locks.ts';

const { signal: never } = new AbortController();

test('work on one repo runs in order and one at a time, also after a failure, and other repos do not wait', async () => {
  const locks = createRepoLocks();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = locks.hold('a', never, async () => {
    await gate.promise;
    seen.push('first');
    throw new Error('first fails');
  });
  const others = ['second', 'third'].map((name) => locks.hold('a', never, async () => seen.push(name)));
  await locks.hold('b', never, async () => seen.push('other repo'));
  gate.resolve();

  await expect(first).rejects.toThrow('first fails');
  await Promise.all(others);
  expect(seen).toEqual(['other repo', 'first', 'second', 'third']);
});

test('a lock that cannot be had in time is refused, its work never runs, and who waited longer does not lose its turn', async () => {
  const locks = createRepoLocks({ waitMs: 50 });
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const first = locks.hold('a', never, () => gate.promise);
  await expect(locks.hold('a', never, async () => seen.push('late'))).rejects.toMatchObject({ code: 'locked' });
  const next = locks.hold('a', never, async () => seen.push('next'));
  gate.resolve();
  await Promise.all([first, next]);
  expect(seen).toEqual(['next']);
});

test('whoever goes away while it waits hears why at once, and holds up nobody', async () => {
  const locks = createRepoLocks();
  const gate = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const first = locks.hold('a', never, () => gate.promise);
  const gone = locks.hold('a', leaving.signal, async () => 'gone');
  const last = locks.hold('a', never, async () => 'last');
  leaving.abort(new Error('the client went away'));
  await expect(gone).rejects.toThrow('the client went away');
  gate.resolve();
  await first;
  expect(await last).toBe('last');
  await expect(locks.hold('a', leaving.signal, async () => 'later')).rejects.toThrow('the client went away');
});
