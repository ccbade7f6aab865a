import { z } from 'zod';
import { AUDIT_ACTIONS } from '../access/audit.ts';
import { SCOPES } from '../access/scope.ts';
import { FAILURE_CODES } from '../errors.ts';
import { SESSION_EVENT_TYPES } from '../session/event.ts';
import { SESSION_STATUSES } from '../session/status.ts';
import { TOKEN_STATES } from '../token/state.ts';

/*
 * What a record must have for anybody to work with it, whichever version wrote it: checked where records of others are
 * read in numbers, so that one that is damaged is told of by its field and the others are shown.
 */

const text = z.string();
const time = z.string().refine((given) => !Number.isNaN(Date.parse(given)));
const maybeTime = time.nullable();
const number = z.number();
const access = z.enum(['read', 'write']);

const request = z.looseObject({
  repos: z.array(
    z.looseObject({
      id: text,
      ref: text.nullable(),
      path: text,
      access,
      push: z.looseObject({ branches: z.array(text).nullable(), force: z.boolean(), delete: z.boolean() }).optional(),
    }),
  ),
  resources: z.looseObject({ cpus: number, memoryMb: number, pids: number, diskMb: number }),
  network: z.looseObject({ allow: z.array(text) }),
  credentials: z.looseObject({ delivery: z.enum(['env', 'gateway']) }),
  metadata: z.record(z.string(), text),
});

const webhook = z.looseObject({
  shownUrl: text,
  messages: z.array(z.looseObject({ nextTryAt: time })),
  delivered: number,
  failed: number,
  disabledAt: maybeTime,
  lastAttemptAt: maybeTime,
  lastStatus: number.nullable(),
  lastError: text.nullable(),
});

const duration = number.optional();

/** See `SessionRecord`. */
export const sessionShape = z.looseObject({
  id: text,
  status: z.enum(SESSION_STATUSES),
  request,
  webhook: webhook.optional(),
  keyId: text,
  createdAt: time,
  startedAt: maybeTime,
  runningAt: maybeTime,
  endedAt: maybeTime,
  deadlineAt: maybeTime,
  exitCode: number.nullable(),
  failure: z.looseObject({ code: z.enum(FAILURE_CODES), message: text, step: text }).nullable(),
  stop: z.looseObject({ requestedAt: time, graceSeconds: number, revoke: z.enum(['after', 'now']) }).nullable(),
  tokenId: text.nullable(),
  formerTokenIds: z.array(text).optional(),
  sandbox: z.looseObject({ id: text, image: text, removedAt: maybeTime }).nullable(),
  worker: text.nullable(),
  heads: z.array(text.nullable()),
  timings: z.looseObject({
    queuedMs: duration,
    mintMs: duration,
    containerMs: duration,
    cloneMs: duration,
    toRunningMs: duration,
  }),
});

/** See `TokenRecord`. */
export const tokenShape = z.looseObject({
  id: text,
  sessionId: text,
  provider: text.nullable(),
  state: z.enum(TOKEN_STATES),
  grants: z.array(z.looseObject({ repoId: text, access })),
  intendedAt: time,
  mintedAt: maybeTime,
  deliveredAt: maybeTime,
  expiresAt: maybeTime,
  revokingAt: maybeTime,
  revokedAt: maybeTime,
  verifiedAt: maybeTime,
  attempts: number,
  lastError: text.nullable(),
  fingerprint: text.nullable(),
});

const bound = number.nullable();

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
