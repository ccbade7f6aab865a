import type { SessionEvent } from '../session/event.ts';
import type { ChangeHints } from './changes-when-ready.ts';
import { eventsOf, eventsOfAll } from '../store/events.ts';
import { isSettled, view } from '../store/records.ts';
import type { Redis } from '../store/redis.ts';
import { follow } from './follow.ts';
import type { Sight } from './sight.ts';
import type { SseMessage } from './sse.ts';

interface EventQuery {
  redis: Redis;
  changes: ChangeHints;
  signal: AbortSignal;
  /** Events after this one; `0` is from the beginning. */
  afterId: string;
}

/** A session's events as messages, until nothing is left to do for it; then `end`. */
export async function* sessionMessages(query: EventQuery & { sessionId: string }): AsyncGenerator<SseMessage> {
  const { redis, sessionId } = query;
  let last = query.afterId;
  yield* follow(query, async function* look() {
    // Looked at before the events: they are written in one step with what settles a session.
    const settled = isSettled(await view(redis, sessionId));
    for (;;) {
      const events = await eventsOf(redis, sessionId, last);
      if (events.length === 0) return settled;
      for (const event of events) {
        last = event.id;
        yield toMessage(event);
      }
    }
  });
  if (!query.signal.aborted) yield { id: last, event: 'end', data: {} };
}

/** The events of all sessions that the caller sees as messages, for as long as somebody listens. */
export async function* allMessages(query: EventQuery & { sight: Sight }): AsyncGenerator<SseMessage> {
  let last = query.afterId;
  yield* follow({ ...query, sessionId: null }, async function* look() {
    for (;;) {
      const events = await eventsOfAll(query.redis, last);
      if (events.length === 0) return false;
      const seen = await query.sight.among(events.map(({ sessionId }) => sessionId));
      for (const event of events) {
        last = event.id;
        if (seen.has(event.sessionId)) yield toMessage(event);
      }
    }
  });
}

function toMessage(event: SessionEvent): SseMessage {
  return { id: event.id, data: event };
}
