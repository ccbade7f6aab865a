import { z } from 'zod';
import { REFUSAL_CODES } from '../problem.ts';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong here, and what to do.' }),
    code: z.enum(REFUSAL_CODES).meta({ description: 'Stable.' }),
    instance: z.string().meta({ description: 'Names this one request, as X-Request-Id does.' }),
    errors: z.array(z.object({ path: z.string().meta({ example: 'repos[0].ref' }), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });
