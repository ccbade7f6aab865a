import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Client } from '../../../src/dashboard/app/client/client.ts';
import { Problem } from '../../../src/dashboard/app/client/problem.ts';
import type { SseMessage } from '../../../src/dashboard/app/client/sse.ts';
import type { Session } from '../../../src/dashboard/app/client/wire.ts';
import { followSessions } from '../../../src/dashboard/app/live/sessions.ts';
import { ALL } from '../../../src/dashboard/app/sessions/filter.ts';

const PAGE_SIZE = 50;

let leaving: AbortController;
beforeEach(() => void (leaving = new AbortController()));
afterEach(() => leaving.abort());

const sessionAt = (index: number): Session =>
  ({
    id: `ses_${index}`,
    status: 'succeeded',
    metadata: { task: `${index}` },
    createdAt: new Date(index * 1_000).toISOString(),
  }) as unknown as Session;

/** An API that knows so many sessions, refuses the filter `metadata.bad`, and has a stream of events on which nothing comes. */
function apiOf(count: number): Client & { breakStream: () => void } {
  const all = Array.from({ length: count }, (_, index) => sessionAt(index)).toReversed();
  let broken = Promise.withResolvers<void>();
  async function* silent(): AsyncGenerator<SseMessage[]> {
    yield [];
    await broken.promise;
    throw new TypeError('It broke');
  }
  const get = async (path: string): Promise<unknown> => {
    const one = /^\/v1\/sessions\/(\w+)$/.exec(path)?.[1];
    if (one !== undefined) return all.find(({ id }) => id === one);
    const query = new URL(path, 'http://api.test.example').searchParams;
    if (query.has('metadata.bad')) throw new Problem('No such field', { status: 422 });
    const task = query.get('metadata.task');
    const found = all.filter(({ metadata }) => task === null || metadata['task'] === task);
    const from = Number(query.get('cursor') ?? 0);
    const to = from + PAGE_SIZE;
    return { data: found.slice(from, to), nextCursor: to < found.length ? `${to}` : null };
  };
  return {
    clock: { nowMs: Date.now },
    sight: Object.assign(new EventTarget(), { visibilityState: 'visible' as const }),
    get: get as Client['get'],
    send: () => Promise.reject(new Error('Nothing is sent here')),
    stream: async () => {
      broken = Promise.withResolvers<void>();
      return silent();
    },
    breakStream: () => broken.resolve(),
  };
}

async function openPage(count: number) {
  const api = apiOf(count);
  const sessions = followSessions(api, leaving.signal);
  await vi.waitFor(() => expect(sessions.connection.value.state).toBe('live'));
  return { api, sessions };
}

test('a page that keeps no more still shows the session that is looked at, says that the list is cut, and finds old ones', async () => {
  const { sessions } = await openPage(2_200);
  sessions.hold('ses_3', leaving.signal);
  await vi.waitFor(() => expect(sessions.one('ses_3')).toBeTruthy());
  while (sessions.hasMore.value) await sessions.more();
  // Besides the one that is looked at, which is no part of a list that ends before it.
  expect(sessions.list.value?.length).toBe(1_999);
  expect(sessions.isCut.value).toBe(true);
  expect(sessions.one('ses_3')).toBeTruthy();
  await sessions.setFilter({ ...ALL, metadata: { task: '5' } });
  expect(sessions.list.value?.map(({ id }) => id)).toEqual(['ses_5']);
  expect(sessions.isCut.value).toBe(false);
});

test('a filter that is refused leaves the one before, and the page live', async () => {
  const { api, sessions } = await openPage(3);
  await expect(sessions.setFilter({ ...ALL, metadata: { bad: '1' } })).rejects.toThrow('No such field');
  await vi.waitFor(() => expect(sessions.list.value?.length).toBe(3));
  api.breakStream();
  await vi.waitFor(() => expect(sessions.connection.value.state).toBe('lost'));
  await vi.waitFor(() => expect(sessions.connection.value.state).toBe('live'), 3_000);
});
