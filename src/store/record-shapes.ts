import { z } from 'zod';
import { AUDIT_ACTIONS } from '../access/audit.ts';
import { SCOPES } from '../access/scope.ts';
import { SESSION_EVENT_TYPES } from '../session/event.ts';

/*
 * What a record must have for anybody to work with it, whichever version wrote it: checked where records of others are
 * read in numbers, so that one that is damaged is told of by its field and the others are shown.
 */

const text = z.string();
const time = z.string().refine((given) => !Number.isNaN(Date.parse(given)));
const maybeTime = time.nullable();
const bound = z.number().nullable();

/** See `ApiKeyRecord`. */
export const apiKeyShape = z.looseObject({
  id: text,
  name: text,
  hash: text,
  scopes: z.array(z.enum(SCOPES)),
  repos: z.array(text).nullable(),
  limits: z.looseObject({
    sessions: bound,
    startsPerMinute: bound,
    requestsPerMinute: bound,
    timeoutSeconds: bound,
    cpus: bound,
    memoryMb: bound,
    pids: bound,
    diskMb: bound,
    maxPriority: bound.optional(),
  }),
  createdAt: time,
  createdBy: text,
  expiresAt: maybeTime,
  revokedAt: maybeTime,
});

/** See `AuditEntry`. */
export const auditShape = z.looseObject({
  time,
  action: z.enum(AUDIT_ACTIONS),
  outcome: text,
  keyId: text.nullable(),
  keyName: text.nullable(),
  address: text.nullable(),
  sessionId: text.nullable(),
  targetId: text.nullable(),
  requestId: text,
  detail: z.looseObject({}),
});

/** See `SessionEvent`, without its id. */
export const eventShape = z.looseObject({
  sessionId: text,
  time,
  type: z.enum(SESSION_EVENT_TYPES),
  detail: z.looseObject({}),
});
