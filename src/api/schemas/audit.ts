import { z } from 'zod';
import { AUDIT_ACTIONS } from '../../access/audit.ts';
import { time } from './common.ts';

export const auditSchema = z
  .object({
    id: z.string().meta({ description: 'Grows with time.' }),
    time,
    action: z.enum(AUDIT_ACTIONS),
    outcome: z.string().meta({
      description:
        'ok; unchanged: there was nothing to do; begun: asked for, a line with the outcome follows unless it was cut ' +
        'short; else the code that it was refused with.',
    }),
    keyId: z.string().nullable().meta({ description: 'settings:NAME for keys of the settings; null: nobody known.' }),
    keyName: z.string().nullable(),
    address: z.string().nullable(),
    sessionId: z.string().nullable(),
    targetId: z.string().nullable().meta({ description: 'The token or API key that it was about.' }),
    requestId: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditRecord', description: 'Who did what, from where, and what came of it. No secret is in it.' });

export type WireAuditRecord = z.output<typeof auditSchema>;
