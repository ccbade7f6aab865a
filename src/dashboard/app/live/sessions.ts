import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { Client } from '../client/client.ts';
import { follow, pause } from '../client/follow.ts';
import { Problem } from '../client/problem.ts';
import { pageOf, SESSION } from '../client/page-of.ts';
import type { Page, Session, SessionEvent, Unreadable } from '../client/wire.ts';
import { ALL, matches, queryOf, type Filter } from '../sessions/filter.ts';
import type { Connection } from './connection.ts';

const PAGE_SIZE = 50;
/** A page that is open for days forgets what is old; the API still has it. */
const MAX_KEPT = 2_000;
/** So few are read one by one; for more of them a page of the list is one call. */
const FEW = 5;
const BETWEEN_READS_MS = 200;
const AFTER_FAILURE_MS = 2_000;

/** The sessions that the login sees: a filtered list that is live, and any one by its id. */
export interface Sessions {
  readonly connection: ReadonlySignal<Connection>;
  readonly filter: ReadonlySignal<Filter>;
  /** Newest first; null before the first page has come. */
  readonly list: ReadonlySignal<Session[] | null>;
  readonly hasMore: ReadonlySignal<boolean>;
  /** Whether more match the filter than are kept, so that the list ends too early. */
  readonly isCut: ReadonlySignal<boolean>;
  /** What is left out of the list because it cannot be read. */
  readonly unreadable: ReadonlySignal<Unreadable[]>;
  /** Why a session cannot be read; null when it can, or was not read yet. */
  problemOf(id: string): string | null;
  /** Undefined: not read yet; null: there is none, or none any more. */
  one(id: string): Session | null | undefined;
  /** Rejects with what the API says, when it refuses the filter; the one before holds then. */
  setFilter(filter: Filter): Promise<void>;
  more(): Promise<void>;
  /** Reads a session again, soon. */
  refresh(id: string): void;
  /** Reads a session, and keeps it until the signal aborts, however old it is. */
  hold(id: string, until: AbortSignal): void;
  /** Calls back with the events of all sessions, until the signal aborts. */
  onEvents(listener: (events: SessionEvent[]) => void, until: AbortSignal): void;
}

/** Follows the lives of all sessions until the signal aborts. */
export function followSessions(client: Client, until: AbortSignal): Sessions {
  const known = signal<ReadonlyMap<string, Session | null>>(new Map());
  const filter = signal<Filter>(ALL);
  const paging = signal<{ cursor: string | null; oldest: string } | null>(null);
  const connection = signal<Connection>({ state: 'connecting' });
  const listeners = new Set<(events: SessionEvent[]) => void>();
  const dirty = new Set<string>();
  const held = new Set<string>();
  const isCut = signal(false);
  const unreadable = signal<Unreadable[]>([]);
  const problems = signal<ReadonlyMap<string, string>>(new Map());

  const keep = (entries: Iterable<readonly [string, Session | null]>): void => {
    const next = new Map([...known.value, ...entries]);
    for (const [id, session] of leastWanted(next, next.size - MAX_KEPT)) {
      next.delete(id);
      if (isListed(session)) isCut.value = true;
    }
    known.value = next;
  };
  const isListed = (session: Session | null): boolean => session !== null && matches(session, filter.value);
  /** What nobody looks at: first what is not listed, then the oldest. */
  const leastWanted = (sessions: ReadonlyMap<string, Session | null>, count: number) => {
    if (count <= 0) return [];
    const rank = (session: Session | null) => `${isListed(session) ? 1 : 0} ${session?.createdAt ?? ''}`;
    return [...sessions]
      .filter(([id]) => !held.has(id))
      .toSorted(([, a], [, b]) => rank(a).localeCompare(rank(b)))
      .slice(0, count);
  };

  async function readPage(wanted: Filter, cursor: string | null): Promise<Session[]> {
    const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const path = `/v1/sessions?limit=${PAGE_SIZE}${queryOf(wanted)}${from}`;
    const page = pageOf(await client.get<Page<Session>>(path, until), SESSION);
    // The filter may be another by now.
    if (wanted !== filter.value) return [];
    const oldest = page.data.at(-1)?.createdAt ?? paging.value?.oldest ?? '';
    paging.value = { cursor: page.nextCursor, oldest };
    unreadable.value = [...(cursor === null ? [] : unreadable.value), ...page.unreadable];
    keep(page.data.map((session) => [session.id, session]));
    return page.data;
  }

  const setProblem = (id: string, why: string | null): void => {
    if ((problems.value.get(id) ?? null) === why) return;
    const others = [...problems.value].filter(([other]) => other !== id && held.has(other));
    problems.value = new Map(why === null ? others : [...others, [id, why]]);
  };

  async function readOne(id: string): Promise<void> {
    try {
      const session = await client.get<Session>(`/v1/sessions/${encodeURIComponent(id)}`, until);
      const { data, unreadable: missing } = pageOf({ data: [session], nextCursor: null }, SESSION);
      keep(data.map((one) => [id, one]));
      setProblem(id, missing[0] === undefined ? null : `Its ${missing[0].field} ${missing[0].problem}.`);
    } catch (error) {
      if (error instanceof Problem && error.code === 'record_unreadable') return setProblem(id, error.message);
      if (error instanceof Problem && (error.status === 404 || error.status === 422)) keep([[id, null]]);
      else throw error;
    }
  }

  async function readDirty(): Promise<void> {
    const ids = [...dirty];
    dirty.clear();
    try {
      let left = ids;
      if (ids.length > FEW) {
        const page = await client.get<Page<Session>>(`/v1/sessions?limit=${PAGE_SIZE}`, until);
        const { data } = pageOf(page, SESSION);
        keep(data.map((session) => [session.id, session]));
        left = ids.filter((id) => !data.some((session) => session.id === id));
      }
      for (const id of left.splice(FEW)) dirty.add(id);
      await Promise.all(left.map(readOne));
    } catch {
      for (const id of ids) dirty.add(id);
      await pause(AFTER_FAILURE_MS, until);
    }
  }

  async function showFilter(wanted: Filter): Promise<void> {
    filter.value = wanted;
    paging.value = null;
    isCut.value = false;
    // What is kept of others takes no room from those that it finds.
    known.value = new Map([...known.value].filter(([id]) => held.has(id)));
    if (wanted.id !== null) await readOne(wanted.id);
    await readPage(wanted, null);
  }

  let reading = false;
  async function refresh(ids: Iterable<string>): Promise<void> {
    for (const id of ids) dirty.add(id);
    if (reading) return;
    reading = true;
    while (dirty.size > 0 && !until.aborted) {
      await readDirty();
      await pause(BETWEEN_READS_MS, until);
    }
    reading = false;
  }

  void follow<SessionEvent>(client, '/v1/events', {
    signal: until,
    // Read once the stream is open, so that nothing falls between the two.
    onOpen: async () => {
      paging.value = null;
      await readPage(filter.value, null);
      connection.value = { state: 'live' };
    },
    onBreak: (why) => (connection.value = { state: 'lost', why }),
    onMessages: (events) => {
      void refresh(new Set(events.map(({ sessionId }) => sessionId)));
      for (const listener of listeners) listener(events);
    },
  }).catch((error: Error) => (connection.value = { state: 'refused', why: error.message }));

  return {
    connection,
    filter,
    list: computed(() => {
      if (paging.value === null && known.value.size === 0) return null;
      const { cursor, oldest } = paging.value ?? { cursor: null, oldest: '' };
      // Older ones that were read by themselves come with their page, lest the list have gaps.
      const isOnPages = (session: Session) =>
        cursor === null || filter.value.id !== null || session.createdAt >= oldest;
      return [...known.value.values()]
        .filter((session) => session !== null)
        .filter((session) => matches(session, filter.value) && isOnPages(session))
        .toSorted(newestFirst);
    }),
    hasMore: computed(() => !isCut.value && paging.value !== null && paging.value.cursor !== null),
    isCut,
    unreadable,
    problemOf: (id) => problems.value.get(id) ?? null,
    one: (id) => known.value.get(id),
    async setFilter(wanted) {
      const before = filter.value;
      try {
        await showFilter(wanted);
      } catch (error) {
        // Kept, it would be refused again each time that the stream is opened anew.
        if (filter.value === wanted) void showFilter(before).catch(() => undefined);
        throw error;
      }
    },
    more: async () => void (await readPage(filter.value, paging.value?.cursor ?? null)),
    refresh: (id) => void refresh([id]),
    hold(id, end) {
      held.add(id);
      end.addEventListener('abort', () => held.delete(id));
      void refresh([id]);
    },
    onEvents(listener, end) {
      listeners.add(listener);
      end.addEventListener('abort', () => listeners.delete(listener));
    },
  };
}

function newestFirst(a: Session, b: Session): number {
  return b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id);
}
