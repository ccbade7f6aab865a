import { z } from 'zod';
import { AUDIT_ACTIONS } from '../../access/audit.ts';
import { listAudit as pageOfAudit } from '../../store/audit.ts';
import { listAnswer } from '../list-answer.ts';
import { defineOperation } from '../operation.ts';
import { auditSchema } from '../schemas/audit.ts';
import { limit, listOf } from '../schemas/common.ts';
import { jsonAnswer } from './answers.ts';

const text = z.string().min(1).max(256);

export const listAudit = defineOperation({
  method: 'get',
  path: '/v1/audit',
  scope: 'operate',
  summary: 'The audit log, newest first',
  description:
    'Who did what, when, from where, and what came of it. A page may have fewer lines than its limit, or none, and ' +
    'still a nextCursor: go on until it is null.',
  query: z.strictObject({
    limit,
    cursor: z
      .string()
      .regex(/^\d{1,15}-\d{1,15}$/, "must be the nextCursor of an earlier page's answer")
      .optional(),
    keyId: text.optional(),
    sessionId: text.optional(),
    action: z.enum(AUDIT_ACTIONS).optional(),
  }),
  responses: jsonAnswer(200, 'A page of the audit log.', listOf(auditSchema)),
  handle: async ({ query }, { redis, keep }) => {
    const { keyId, sessionId, action } = query;
    const { items, unreadable, nextCursor } = await pageOfAudit(redis, {
      limit: query.limit,
      cursor: query.cursor ?? null,
      since: new Date(Math.max(0, Date.now() - keep.auditMs)),
      keep: (record) =>
        (keyId === undefined || record.keyId === keyId || record.targetId === keyId) &&
        (sessionId === undefined || record.sessionId === sessionId) &&
        (action === undefined || record.action === action),
    });
    return listAnswer({ data: items, nextCursor, unreadable });
  },
});
