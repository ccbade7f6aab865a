import { z } from 'zod';
import { latestEventId } from '../../store/events.ts';
import { requireCaller } from '../caller.ts';
import { allMessages } from '../event-pages.ts';
import { defineOperation } from '../operation.ts';
import { eventId } from '../schemas/common.ts';
import { eventSchema } from '../schemas/event.ts';
import { createSight } from '../sight.ts';
import { sseAnswer } from '../sse.ts';

export const followEvents = defineOperation({
  method: 'get',
  path: '/v1/events',
  scope: 'read',
  summary: 'The lives of all sessions that the key sees, as they happen',
  description: 'From now on, or after the event that is named.',
  query: z.strictObject({ after: eventId.optional() }),
  headers: z.object({ 'Last-Event-ID': eventId.optional() }),
  responses: { '200': { description: 'Events.', content: { 'text/event-stream': { schema: eventSchema } } } },
  handle: async (call, { redis, changes }) => {
    const { query, headers, signal } = call;
    const sight = createSight(redis, requireCaller(call));
    const afterId = headers['Last-Event-ID'] ?? query.after ?? (await latestEventId(redis));
    return sseAnswer(allMessages({ redis, changes, signal, afterId, sight }));
  },
});
