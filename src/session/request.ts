import { z } from 'zod';
import type { RequestLimits } from '../access/key-limits.ts';
import { Refusal, type FieldError } from '../errors.ts';
import { DEADLINE_GRACE_SECONDS } from './deadline.ts';
import type { SessionRequest } from './record.ts';
import {
  command,
  env,
  metadata,
  networkRules,
  repo,
  resources,
  secrets,
  unmaskedSecrets,
  webhook,
} from './request-fields.ts';
import { stdin } from './stdin.ts';
import { imageProblems, limitProblems, ruleProblems, shortSecretProblems, webhookProblems } from './request-rules.ts';

const DEFAULT_TIMEOUT_SECONDS = 3_600;
// Memory covers the files of the workspace too, so the default is larger than the default disk.
const DEFAULT_RESOURCES = { cpus: 1, memoryMb: 4_096, pids: 256, diskMb: 2_048 };
const DEFAULT_IMAGE = 'daypass/sandbox';

/** The body of POST /v1/sessions: the rules of each field by itself. */
export const startRequest = z
  .strictObject({
    repos: z.array(repo).min(1).max(16),
    command: command.optional(),
    stdin: stdin.optional(),
    image: z.string().max(255).default(DEFAULT_IMAGE),
    env: env.default({}),
    secrets: secrets.default({}),
    unmaskedSecrets: unmaskedSecrets.optional(),
    timeoutSeconds: z
      .int()
      .min(1)
      .optional()
      .meta({
        description:
          `From its start, ${DEFAULT_TIMEOUT_SECONDS} when left out. Then the command gets SIGTERM, ` +
          `${DEADLINE_GRACE_SECONDS} s later SIGKILL, and the token goes with it.`,
      }),
    maxTimeoutSeconds: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'How far it can be extended; timeoutSeconds when left out.' }),
    resources: resources.default({}),
    network: z.strictObject({ allow: networkRules }).default({ allow: [] }),
    credentials: z.strictObject({ delivery: z.enum(['env', 'gateway']) }).default({ delivery: 'env' }),
    priority: z.int().min(-1_000).max(1_000).default(0).meta({ description: 'Higher goes first.' }),
    metadata: metadata.default({}),
    webhook: webhook.optional(),
  })
  .meta({ id: 'StartSession' });

export type StartRequest = z.output<typeof startRequest>;

/**
 * The request with every default filled in, which no default takes above the operator's limits. Its secrets stay behind.
 * Throws `invalid_request` with every field that breaks a rule or exceeds a limit, and what is allowed;
 * `image_not_allowed` or `secret_too_short` when that is all.
 */
export function normalise(body: StartRequest, limits: RequestLimits): SessionRequest {
  const longest = body.maxTimeoutSeconds ?? limits.maxTimeoutSeconds;
  const timeoutSeconds = body.timeoutSeconds ?? Math.min(DEFAULT_TIMEOUT_SECONDS, longest, limits.maxTimeoutSeconds);
  const request: SessionRequest = {
    repos: body.repos.map(({ id, ref, path, access, push, depth }) => ({
      id,
      ref: ref ?? null,
      path: path ?? id,
      access,
      ...(push && { push: { ...push, branches: push.branches ?? null } }),
      depth: depth ?? null,
    })),
    command: body.command ?? null,
    image: body.image,
    env: body.env,
    timeoutSeconds,
    maxTimeoutSeconds: body.maxTimeoutSeconds ?? timeoutSeconds,
    resources: {
      cpus: body.resources.cpus ?? Math.min(DEFAULT_RESOURCES.cpus, limits.cpus),
      memoryMb: body.resources.memoryMb ?? Math.min(DEFAULT_RESOURCES.memoryMb, limits.memoryMb),
      pids: body.resources.pids ?? Math.min(DEFAULT_RESOURCES.pids, limits.pids),
      diskMb: body.resources.diskMb ?? Math.min(DEFAULT_RESOURCES.diskMb, limits.diskMb),
      ...(body.resources.homeMb !== undefined && { homeMb: body.resources.homeMb }),
      ...(body.resources.tmpMb !== undefined && { tmpMb: body.resources.tmpMb }),
      ...(body.resources.shmMb !== undefined && { shmMb: body.resources.shmMb }),
    },
    network: body.network,
    credentials: body.credentials,
    priority: body.priority,
    metadata: body.metadata,
  };
  const problems = [
    ...ruleProblems(body, request),
    ...limitProblems(request, limits),
    ...webhookProblems(body, limits),
  ];
  const image = imageProblems(request, limits);
  const short = shortSecretProblems(body);
  if (problems.length + short.length === 0 && image.length > 0) {
    throw new Refusal('image_not_allowed', `The image ${request.image} is not allowed here.`, { fields: image });
  }
  if (problems.length + image.length === 0 && short.length > 0) {
    throw new Refusal(
      'secret_too_short',
      'A secret is too short to be masked: it would be in clear wherever it is printed. Give a longer one, or name it in unmaskedSecrets.',
      { fields: short },
    );
  }
  refuse([...problems, ...short, ...image]);
  return request;
}

/** Throws `access_unsupported` when a repo is wanted read-only, and neither the provider nor the gateway is to see to it. */
export function requireExpressibleAccess(request: SessionRequest, provider: { canRestrictAccess: boolean }): void {
  if (provider.canRestrictAccess || request.credentials.delivery === 'gateway') return;
  const fields = request.repos.flatMap(({ access }, index): FieldError[] =>
    access === 'read' ? [{ path: `repos[${index}].access`, message: 'cannot be "read" at this provider' }] : [],
  );
  if (fields.length === 0) return;
  throw new Refusal(
    'access_unsupported',
    'This provider makes no read-only tokens. Ask for credentials.delivery "gateway", or for access "write".',
    { fields },
  );
}

/** Throws `push_unsupported` when there are rules for pushes and nobody would enforce them, or nothing to push. */
export function requireEnforceablePush({ repos, credentials }: SessionRequest): void {
  const fields = repos.flatMap(({ access, push }, index): FieldError[] => {
    if (push === undefined) return [];
    const path = `repos[${index}].push`;
    if (credentials.delivery !== 'gateway') return [{ path, message: 'needs credentials.delivery "gateway"' }];
    return access === 'read' ? [{ path, message: 'needs access "write"' }] : [];
  });
  if (fields.length === 0) return;
  throw new Refusal(
    'push_unsupported',
    'Rules for pushes are enforced by the gateway, for repos with access "write". Ask for credentials.delivery "gateway".',
    { fields },
  );
}

function refuse(fields: FieldError[]): void {
  if (fields.length === 0) return;
  throw new Refusal('invalid_request', 'The request has fields that cannot be accepted.', { fields });
}
