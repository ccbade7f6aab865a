import { SESSION_EVENT_TYPES } from '../../session/event.ts';
import { SESSION_STATUSES } from '../../session/status.ts';
import type { SessionRecord } from '../../session/record.ts';
import { eventsOf } from '../../store/events.ts';
import { idOfEntry, keys } from '../../store/keys.ts';
import { unsettledSessions } from '../../store/listing.ts';
import { parseSession, parseToken, UnreadableRecord } from '../../store/parse-record.ts';
import type { Redis } from '../../store/redis.ts';
import { readAllStored, type Stored } from '../../store/stored.ts';
import { TOKEN_STATES } from '../../token/state.ts';
import type { IndexFacts, LedgerFacts } from '../facts.ts';

const SCAN_COUNT = 500;

/**
 * Records and indexes as they are, found by their keys and not by the indexes. Not one moment: where sessions go on, a
 * second look tells what is wrong from what was on its way.
 */
export async function readLedger(redis: Redis): Promise<LedgerFacts> {
  const unreadable = new Map<string, string>();
  const sessions = await records(redis, keys.session, parseSession, unreadable);
  const tokens = await records(redis, keys.token, parseToken, unreadable);
  return {
    sessions,
    tokens,
    unreadable,
    sessionIndexes: await indexes(redis, keys.sessions, keys.sessionsByStatus, SESSION_STATUSES),
    tokenIndexes: await indexes(redis, keys.tokens, keys.tokensByState, TOKEN_STATES),
    sessionIndexesOfKeys: await indexesOfKeys(redis, new Set(sessions.map(({ keyId }) => keyId))),
    unsettled: await unsettledSessions(redis),
    endings: await endings(redis, sessions),
  };
}

async function records<T>(
  redis: Redis,
  keyOf: (id: string) => string,
  parse: (id: string, stored: Stored) => T | null,
  unreadable: Map<string, string>,
): Promise<T[]> {
  const found: string[] = [];
  for await (const batch of redis.scanStream({ match: keyOf('*'), count: SCAN_COUNT }))
    found.push(...(batch as string[]));
  const names = [...new Set(found)];
  const stored = await readAllStored(redis, names);
  return names.flatMap((name, i) => {
    const id = name.slice(keyOf('').length);
    try {
      const record = parse(id, stored[i] ?? null);
      return record === null ? [] : [record];
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      unreadable.set(id, error.message);
      return [];
    }
  });
}

async function indexesOfKeys(redis: Redis, keyIds: ReadonlySet<string>): Promise<Map<string, IndexFacts>> {
  const found = new Map<string, IndexFacts>();
  for (const keyId of keyIds) {
    const { sessions, sessionsByStatus } = keys.ofKey(keyId);
    found.set(keyId, await indexes(redis, sessions, sessionsByStatus, SESSION_STATUSES));
  }
  return found;
}

async function indexes(
  redis: Redis,
  all: string,
  keyOf: (state: string) => string,
  states: string[],
): Promise<IndexFacts> {
  const idsIn = async (key: string): Promise<string[]> => (await redis.zrange(key, '0', '-1')).map(idOfEntry);
  const byState = await Promise.all(states.map(async (state) => [state, await idsIn(keyOf(state))] as const));
  return { all: await idsIn(all), byState: new Map(byState) };
}

async function endings(redis: Redis, sessions: SessionRecord[]): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  for (const { id } of sessions) {
    let [seen, ended, strange, last] = [0, 0, 0, '0'];
    for (let events = await eventsOf(redis, id, last); events.length > 0; events = await eventsOf(redis, id, last)) {
      seen += events.length;
      ended += events.filter(({ type }) => type === 'ended').length;
      // As a version wrote them that masked types: any of them may be the end.
      strange += events.filter(({ type }) => !SESSION_EVENT_TYPES.includes(type)).length;
      last = events.at(-1)?.id ?? last;
    }
    if (seen > 0 && strange === 0) counted.set(id, ended);
  }
  return counted;
}
