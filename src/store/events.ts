import type { NewEvent, SessionEvent } from '../session/event.ts';
import type { Effect } from './commit.ts';
import { keys } from './keys.ts';
import { readRecord, sortOut, Unreadable } from './readable.ts';
import { eventShape } from './record-shapes.ts';
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

/** Those of `eventPage` that can be read; none may also mean that a whole page cannot. */
export async function eventsOf(redis: Redis, sessionId: string, afterId: string): Promise<SessionEvent[]> {
  return sortOut(await eventPage(redis, sessionId, afterId)).items;
}

/**
 * Events of one session, or of all (null), after an id (`0` is from the beginning), oldest first, at most a page of them.
 * What cannot be read has its place among them.
 */
export async function eventPage(
  redis: Redis,
  sessionId: string | null,
  afterId: string,
): Promise<(SessionEvent | Unreadable)[]> {
  const key = sessionId === null ? keys.allEvents : keys.events(sessionId);
  const entries = await redis.xrange(key, `(${afterId}`, '+', 'COUNT', PAGE);
  return entries.map(([id, fields]) => {
    const event = readRecord<Omit<SessionEvent, 'id'>>(eventShape, id, fields[1] ?? '');
    return event instanceof Unreadable ? event : { ...event, id };
  });
}

/** The id after which nothing has happened yet. */
export async function latestEventId(redis: Redis): Promise<string> {
  const [last] = await redis.xrevrange(keys.allEvents, '+', '-', 'COUNT', 1);
  return last?.[0] ?? '0';
}
