import { z } from 'zod';
import { SESSION_STATUSES } from './status.ts';

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'is no time');

const text = z.string().nullable();
const maybeTime = time.nullable();

const repo = z.object({
  id: z.string(),
  ref: text,
  path: z.string(),
  access: z.enum(['read', 'write']),
  push: z.object({ branches: z.array(z.string()).nullable(), force: z.boolean(), delete: z.boolean() }).optional(),
});

const request = z.object({
  repos: z.array(repo),
  command: z.array(z.string()).nullable(),
  image: z.string(),
  env: z.record(z.string(), z.string()),
  timeoutSeconds: z.number(),
  maxTimeoutSeconds: z.number(),
  resources: z.object({ cpus: z.number(), memoryMb: z.number(), pids: z.number(), diskMb: z.number() }),
  network: z.object({ allow: z.array(z.string()) }),
  credentials: z.object({ delivery: z.enum(['env', 'gateway']) }),
  priority: z.number(),
  metadata: z.record(z.string(), z.string()),
});

const webhook = z.object({
  sealed: text,
  shownUrl: z.string(),
  messages: z.array(z.object({ type: z.string(), time, nextTryAt: time })),
  told: z.array(z.string()),
  delivered: z.number(),
  failed: z.number(),
  disabledAt: maybeTime,
  lastAttemptAt: maybeTime,
  lastStatus: z.number().nullable(),
  lastError: text,
});

/** As much of a session's record as this program cannot do without. What it holds besides is not looked at. */
export const sessionShape = z.object({
  id: z.string(),
  status: z.enum(SESSION_STATUSES),
  request,
  sealedSecrets: text,
  stdin: z.object({ bytes: z.number(), secret: z.boolean() }).optional(),
  webhook: webhook.optional(),
  keyId: z.string(),
  createdAt: time,
  startedAt: maybeTime,
  runningAt: maybeTime,
  endedAt: maybeTime,
  deadlineAt: maybeTime,
  exitCode: z.number().nullable(),
  failure: z.object({ code: z.string(), message: z.string(), step: z.string() }).nullable(),
  stop: z.object({ requestedAt: time, graceSeconds: z.number(), revoke: z.enum(['after', 'now']) }).nullable(),
  tokenId: text,
  formerTokenIds: z.array(z.string()).optional(),
  nextTokenId: z.string().optional(),
  sandbox: z
    .object({
      id: z.string(),
      image: z.string(),
      engine: z.string(),
      claimedAt: text,
      removedAt: text,
    })
    .nullable(),
  worker: text,
  handedOverAt: text.optional(),
  term: z.number(),
  heads: z.array(text),
  timings: z.record(z.string(), z.number()),
  exhausted: z.record(z.string(), z.number()).optional(),
});

/** Which field of what was read as a session's record is not as it must be, and why; null when all are. Pure. */
export function sessionProblem(read: unknown): string | null {
  return problemIn(sessionShape.safeParse(read));
}

/** The first issue as `field: what is wrong`; null for a success. */
export function problemIn({ error }: z.ZodSafeParseResult<unknown>): string | null {
  const issue = error?.issues[0];
  if (issue === undefined) return null;
  return `${issue.path.length === 0 ? 'the record' : issue.path.join('.')}: ${issueWords(issue)}`;
}

/** What is wrong with a field, without what it holds: to be read after its name. */
export function issueWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return 'is none of the values that are known here';
  if (issue.code !== 'invalid_type') return 'is not what it should be';
  return issue.message.endsWith('received undefined') ? 'is missing' : `is not of the type ${issue.expected}`;
}
