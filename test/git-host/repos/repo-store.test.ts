import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../src/git-host/database.ts';
import { createRepoStore, type RepoStore } from '../../../src/git-host/repos/repo-store.ts';

const EVERYTHING = { metadata: {}, createdAfterMs: null, createdBeforeMs: null };
const REPOS_PER_MILLISECOND = 10;

/** Many repos that were made at the same time, some of them updated since. */
function storeOf(count: number): RepoStore {
  const database = openDatabase(':memory:');
  const store = createRepoStore(database);
  database.exec('BEGIN');
  for (let n = 0; n < count; n += 1) {
    const createdAtMs = Math.floor(n / REPOS_PER_MILLISECOND);
    const updatedAtMs = n % 3 === 0 ? createdAtMs + (n % 7) : null;
    store.add({ repoId: randomUUID(), createdAtMs, updatedAtMs, metadata: { n: String(n) }, autoIndex: false });
  }
  database.exec('COMMIT');
  return store;
}

test.each([
  { orderBy: 'created_at', descending: false },
  { orderBy: 'created_at', descending: true },
  { orderBy: 'updated_at', descending: false },
  { orderBy: 'updated_at', descending: true },
] as const)('pages by $orderBy (descending: $descending) hold every repo once, in order, ties included', (order) => {
  const count = 250;
  const store = storeOf(count);
  const page = (offset: number) => store.list({ ...EVERYTHING, ...order, offset, limit: 40 });
  const all = Array.from({ length: 7 }, (_, index) => page(index * 40).repos).flat();
  expect(new Set(all.map(({ repoId }) => repoId)).size).toBe(count);
  expect(page(0).total).toBe(count);
  const times = all.map((repo) =>
    order.orderBy === 'created_at' ? repo.createdAtMs : (repo.updatedAtMs ?? repo.createdAtMs),
  );
  expect(times).toEqual(times.toSorted((a, b) => (order.descending ? b - a : a - b)));
});

test('a page of 10,000 repos costs about as much as one of 100', () => {
  const [few, many] = [storeOf(100), storeOf(10_000)];
  /** Of this process alone, whatever else the machine has to do; microseconds. */
  const cpuTime = (store: RepoStore): number => {
    const before = process.cpuUsage();
    for (let i = 0; i < 100; i++)
      store.list({ ...EVERYTHING, orderBy: 'updated_at', descending: true, offset: 0, limit: 100 });
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  cpuTime(many);
  // Sorting all of them for each page takes some thirty times as long.
  expect(cpuTime(many) / cpuTime(few)).toBeLessThan(8);
});
