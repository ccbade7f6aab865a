import type { NewEvent, SessionEvent, SessionEventType } from '../session/event.ts';
import type { Effect } from './commit.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** More steps than a session has in any sane life; a bound on what one session may take in Redis. */
const MAX_EVENTS_PER_SESSION = 2_000;
/** What a dashboard that comes late can look back at. */
const MAX_EVENTS_OF_ALL = 10_000;
const PAGE = 500;

/** The commands that add these events to the session's own stream and to everybody's. */
export function eventEffects(sessionId: string, events: NewEvent[]): Effect[] {
  const time = new Date().toISOString();
  return events.flatMap(({ type, detail = {} }): Effect[] => {
    const data = JSON.stringify({ sessionId, time, type, detail });
    return [
      ['XADD', keys.events(sessionId), 'MAXLEN', '~', MAX_EVENTS_PER_SESSION, '*', 'data', data],
      ['XADD', keys.allEvents, 'MAXLEN', '~', MAX_EVENTS_OF_ALL, '*', 'data', data],
    ];
  });
}

/** Events of one session after an id (`0` is from the beginning), oldest first, at most a page of them. */
export function eventsOf(redis: Redis, sessionId: string, afterId: string): Promise<SessionEvent[]> {
  return readStream(redis, keys.events(sessionId), afterId);
}

/** Events of all sessions, as `eventsOf`. */
export function eventsOfAll(redis: Redis, afterId: string): Promise<SessionEvent[]> {
  return readStream(redis, keys.allEvents, afterId);
}

/** The id after which nothing has happened yet. */
export async function latestEventId(redis: Redis): Promise<string> {
  const [last] = await redis.xrevrange(keys.allEvents, '+', '-', 'COUNT', 1);
  return last?.[0] ?? '0';
}

async function readStream(redis: Redis, key: string, afterId: string): Promise<SessionEvent[]> {
  const entries = await redis.xrange(key, `(${afterId}`, '+', 'COUNT', PAGE);
  return entries.map(([id, fields]) => {
    const event = JSON.parse(fields[1] ?? '{}') as Omit<SessionEvent, 'id' | 'type'> & { type: SessionEventType };
    return { id, ...event };
  });
}
