import { z } from 'zod';
import { IPV6_OFF } from '../../runtime/docker/container-spec.ts';
import { LABEL } from '../../runtime/docker/labels.ts';
import { TMPFS } from './mount-points.ts';
import { SANDBOX_ID } from '../sandbox-id.ts';

/*
 * The body of `POST /containers/create` (Engine API 1.41), written apart from `containerSpec`, which makes it in the
 * worker. Every field is named here: one that is not would be refused whatever it holds, so what an engine learns
 * tomorrow is outside the profile until somebody has thought about it. What may differ between two sandboxes is held
 * against this very one in `requireProfile`.
 */

const nothing = z.tuple([]);
const id = z.string().regex(/^[A-Za-z0-9_-]{0,64}$/);
const ulimit = (name: string, soft: number, hard = soft) =>
  z.strictObject({ Name: z.literal(name), Soft: z.literal(soft), Hard: z.literal(hard) });

const bind = z.strictObject({
  Type: z.literal('bind'),
  Source: z.string().max(512),
  Target: z.string().max(64),
  ReadOnly: z.boolean(),
});

const hostConfig = z.strictObject({
  NetworkMode: z.literal('none'),
  AutoRemove: z.literal(false),
  RestartPolicy: z.strictObject({ Name: z.literal('no') }),
  ReadonlyRootfs: z.literal(true),
  Privileged: z.literal(false),
  CapDrop: z.tuple([z.literal('ALL')]),
  SecurityOpt: z.array(z.string()),
  MaskedPaths: z.array(z.string()),
  IpcMode: z.literal('private'),
  CgroupnsMode: z.literal('private'),
  Init: z.literal(false),
  Runtime: z.string().optional(),
  Sysctls: z.strictObject({ [IPV6_OFF]: z.literal('0') }).optional(),
  Memory: z.int().positive(),
  MemorySwap: z.int().positive(),
  NanoCpus: z.int().positive(),
  PidsLimit: z.int().positive(),
  Ulimits: z.tuple([ulimit('core', 0), ulimit('nofile', 8_192), ulimit('fsize', 2 ** 40, -1)]),
  Tmpfs: z.strictObject({
    '/workspace': z.string().regex(TMPFS['/workspace']).optional(),
    '/home/agent': z.string().regex(TMPFS['/home/agent']),
    '/tmp': z.string().regex(TMPFS['/tmp']),
  }),
  ShmSize: z.int().positive(),
  Mounts: z.array(bind),
  LogConfig: z.strictObject({ Type: z.literal('none'), Config: z.strictObject({}) }),
});

export const createBody = z.strictObject({
  Image: z.string().max(255),
  Labels: z.strictObject({
    [LABEL.role]: z.literal('session'),
    [LABEL.installation]: z.string(),
    [LABEL.sandbox]: z.string().regex(SANDBOX_ID),
    [LABEL.session]: id,
    [LABEL.token]: id,
  }),
  Hostname: z.literal('sandbox'),
  User: z.literal('1000:1000'),
  WorkingDir: z.literal('/workspace'),
  Entrypoint: z.tuple([z.literal('/opt/daypass/bin/init')]),
  Cmd: nothing,
  Healthcheck: z.strictObject({ Test: z.tuple([z.literal('NONE')]) }),
  NetworkDisabled: z.literal(true),
  AttachStdin: z.literal(false),
  AttachStdout: z.literal(false),
  AttachStderr: z.literal(false),
  Tty: z.literal(false),
  HostConfig: hostConfig,
});

export type CreateBody = z.output<typeof createBody>;
