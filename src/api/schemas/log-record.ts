import { z } from 'zod';
import { time } from './common.ts';

export const logRecordSchema = z
  .object({
    id: z.string().meta({ description: "The line's number, from 1; usable as after and Last-Event-ID." }),
    time,
    stream: z.enum(['stdout', 'stderr', 'system']),
    text: z.string(),
    partial: z.literal(true).optional().meta({ description: 'The line goes on in the next record.' }),
    code: z.string().optional().meta({ description: 'Of system records, such as log_capped.' }),
  })
  .meta({ id: 'LogRecord' });
