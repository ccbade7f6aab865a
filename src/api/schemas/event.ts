import { z } from 'zod';
import { SESSION_EVENT_TYPES } from '../../session/event.ts';
import { time } from './common.ts';

export const eventSchema = z
  .object({
    id: z.string().meta({ description: 'Grows with time; usable as Last-Event-ID.' }),
    sessionId: z.string(),
    time,
    type: z.enum(SESSION_EVENT_TYPES),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });
