import { z } from 'zod';
import { eventsOf } from '../../store/events.ts';
import { isSettled } from '../../store/records.ts';
import { sessionMessages } from '../event-pages.ts';
import { loadFacts } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { eventId, listOf, MAX_PAGE, wholeNumber } from '../schemas/common.ts';
import { eventSchema } from '../schemas/event.ts';
import { sseAnswer } from '../sse.ts';

export const listEvents = defineOperation({
  method: 'get',
  path: '/v1/sessions/{id}/events',
  scope: 'read',
  summary: "A session's life, oldest first",
  description:
    'With Accept: text/event-stream it goes on until nothing is left to do for the session, that is also after its end ' +
    'until container and token are gone, and closes with an `end` event. A client that resumes behind that is answered ' +
    '204, with which EventSource stops asking.',
  query: z.strictObject({
    limit: wholeNumber(1, MAX_PAGE).prefault(`${MAX_PAGE}`).meta({ description: 'Of the JSON form.' }),
    cursor: eventId.optional(),
    after: eventId.optional(),
  }),
  headers: z.object({ 'Last-Event-ID': eventId.optional() }),
  responses: {
    '200': {
      description: 'The events.',
      content: { 'application/json': { schema: listOf(eventSchema) }, 'text/event-stream': { schema: eventSchema } },
    },
    '204': { description: 'To Last-Event-ID of an event stream: nothing is left to do, and there is no later event.' },
  },
  handle: async (call, { redis, changes }) => {
    const { id, query, headers, prefers, signal } = call;
    // Looked at before the events: they are written in one step with what settles a session.
    const settled = isSettled(await loadFacts(redis, call));
    const resumesAt = headers['Last-Event-ID'];
    const afterId = resumesAt ?? query.after ?? query.cursor ?? '0';
    if (prefers(['application/json', 'text/event-stream']) === 'text/event-stream') {
      const isOver = settled && (await eventsOf(redis, id, afterId)).length === 0;
      if (resumesAt !== undefined && isOver) return { status: 204 };
      return sseAnswer(sessionMessages({ redis, changes, signal, sessionId: id, afterId }));
    }
    const found = await eventsOf(redis, id, afterId);
    const data = found.slice(0, query.limit);
    return { status: 200, json: { data, nextCursor: found.length > data.length ? (data.at(-1)?.id ?? null) : null } };
  },
});
