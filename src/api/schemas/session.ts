import { z } from 'zod';
import { FAILURE_CODES } from '../../errors.ts';
import type { SessionFacts } from '../../session/decision.ts';
import type { SessionRecord } from '../../session/record.ts';
import { resolvePushRules } from '../../session/push-rules.ts';
import { SESSION_STATUSES } from '../../session/status.ts';
import { time } from './common.ts';
import { sessionTokenSchema, toSessionToken } from './token.ts';
import { sessionWebhookSchema, toSessionWebhook } from './webhook.ts';

const duration = z.int().nullable();

export const sessionSchema = z
  .object({
    id: z.string().meta({ example: 'ses_…' }),
    status: z.enum(SESSION_STATUSES),
    exitCode: z.int().nullable(),
    failure: z.object({ code: z.enum(FAILURE_CODES), message: z.string(), step: z.string() }).nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    runningAt: time.nullable(),
    endedAt: time.nullable(),
    deadlineAt: time.nullable(),
    repos: z.array(
      z.object({
        id: z.string(),
        ref: z.string().nullable().meta({ description: "null is the repo's HEAD." }),
        path: z.string(),
        access: z.enum(['read', 'write']),
        push: z
          .object({ branches: z.array(z.string()), force: z.boolean(), delete: z.boolean() })
          .nullable()
          .meta({ description: 'null: whatever access allows.' }),
        head: z.string().nullable().meta({ description: 'The commit cloned.' }),
      }),
    ),
    credentials: z.object({ delivery: z.enum(['env', 'gateway']) }),
    resources: z.object({
      cpus: z.number(),
      memoryMb: z.int(),
      pids: z.int(),
      diskMb: z.int(),
      homeMb: z.int().optional(),
      tmpMb: z.int().optional(),
      shmMb: z.int().optional(),
    }),
    network: z.object({ allow: z.array(z.string()).meta({ description: 'As it is now.' }) }),
    token: sessionTokenSchema.nullable(),
    container: z.object({ id: z.string(), image: z.string(), removedAt: time.nullable() }).nullable(),
    worker: z.string().nullable(),
    queuePosition: z.int().nullable().meta({ description: 'How many were accepted before it and wait too.' }),
    timings: z.object({
      queuedMs: duration,
      mintMs: duration,
      containerMs: duration,
      cloneMs: duration,
      toRunningMs: duration,
    }),
    metadata: z.record(z.string(), z.string()),
    webhook: sessionWebhookSchema.nullable(),
    keyId: z.string().meta({ description: 'The API key that started it; settings:NAME for one of the settings.' }),
  })
  .meta({ id: 'Session' });

export type WireSession = z.output<typeof sessionSchema>;

/** What a session's record and its token's show to the outside. Environment and secrets are not in it. */
export function toSession({ session, token }: SessionFacts, queuePosition: number | null): WireSession {
  const { sandbox } = session;
  return {
    id: session.id,
    status: session.status,
    exitCode: session.exitCode,
    failure: session.failure,
    createdAt: session.createdAt,
    startedAt: session.startedAt,
    runningAt: session.runningAt,
    endedAt: session.endedAt,
    deadlineAt: session.deadlineAt,
    repos: session.request.repos.map(({ id, ref, path, access, push }, index) => ({
      id,
      ref,
      path,
      access,
      push: push === undefined ? null : resolvePushRules(session.id, push),
      head: session.heads[index] ?? null,
    })),
    credentials: session.request.credentials,
    resources: session.request.resources,
    network: session.request.network,
    token: token === null ? null : toSessionToken(token),
    container: sandbox && { id: sandbox.id, image: sandbox.image, removedAt: sandbox.removedAt },
    worker: session.worker,
    queuePosition,
    timings: toTimings(session.timings),
    metadata: session.request.metadata,
    webhook: toSessionWebhook(session.webhook),
    keyId: session.keyId,
  };
}

/** Workers measure with a finer clock than the wire speaks. */
function whole(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.round(milliseconds);
}

function toTimings(timings: SessionRecord['timings']): WireSession['timings'] {
  return {
    queuedMs: whole(timings.queuedMs),
    mintMs: whole(timings.mintMs),
    containerMs: whole(timings.containerMs),
    cloneMs: whole(timings.cloneMs),
    toRunningMs: whole(timings.toRunningMs),
  };
}
