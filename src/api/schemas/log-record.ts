import { z } from 'zod';
import { time } from './common.ts';

export const logRecordSchema = z
  .object({
    id: z.string().meta({ description: "The record's number, from 1; usable as after and Last-Event-ID." }),
    time,
    stream: z.enum(['stdout', 'stderr', 'system']),
    text: z.string().meta({ description: 'Of a line, without its line break. What is no UTF-8 is U+FFFD in it.' }),
    bytes: z.string().optional().meta({
      description: 'The very bytes, in base64: only where text, which had other bytes than UTF-8, does not say them.',
    }),
    partial: z
      .literal(true)
      .optional()
      .meta({
        description:
          'No line break follows: the line goes on in the next record of this stream, or the output ended without one. ' +
          'So comes a line over 64 KiB, and one of which the rest is late.',
      }),
    code: z.string().optional().meta({ description: 'Of system records, such as log_capped.' }),
  })
  .meta({ id: 'LogRecord' });
