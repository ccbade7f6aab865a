import { z } from 'zod';
import { pathProblem, refProblem } from './git-names.ts';
import { networkRuleProblem } from './network-rule.ts';
import { webhookSecretProblem } from '../webhook/url.ts';
import { pushPatternProblem } from './push-rules.ts';
import { MAX_SECRETS_BYTES } from './stdin.ts';
import { MAX_SECRET_LINES, secretLines } from '../token/secret-forms.ts';
import { variableNameProblem } from './variable-names.ts';

/*
 * The fields of a request to start a session, each with the rules that need nothing but its own value. What depends on
 * other fields or on the operator is in `request.ts`.
 */

const MAX_VALUE_CHARS = 32_768;
const NOT_UNICODE = 'must be valid Unicode';

/** Text that can become an argument or a variable: whole characters and no NUL. */
const text = z
  .string()
  .max(MAX_VALUE_CHARS)
  .superRefine((value, context) => {
    if (value.includes('\0')) context.addIssue('must not contain a NUL character');
    if (!value.isWellFormed()) context.addIssue(NOT_UNICODE);
  });

/** Text that a function finds nothing wrong with. */
const checked = (problem: (value: string) => string | null) =>
  z.string().superRefine((value, context) => {
    const message = value.isWellFormed() ? problem(value) : NOT_UNICODE;
    if (message !== null) context.addIssue(message);
  });

const repoId = z
  .guid('must be a UUID')
  .transform((id) => id.toLowerCase())
  .meta({ description: "The repo's UUID at its host." });

const push = z
  .strictObject({
    branches: z.array(checked(pushPatternProblem)).min(1).max(32).optional().meta({
      description:
        'Patterns of branches, or of tags as `refs/tags/…`; `*` is any characters. `agent/<session id>/*` when left out.',
    }),
    force: z.boolean().default(false).meta({ description: 'Non-fast-forward updates, and moving a tag.' }),
    delete: z.boolean().default(false),
  })
  .meta({ id: 'PushRules', description: 'Only with credentials.delivery "gateway" and access "write".' });

export const repo = z
  .strictObject({
    id: repoId,
    ref: checked(refProblem)
      .optional()
      .meta({ description: "Branch, tag or full commit id; the repo's HEAD when left out." }),
    path: checked(pathProblem).optional().meta({ description: "Below /workspace; the repo's id when left out." }),
    access: z.enum(['read', 'write']).default('write'),
    push: push.optional().meta({ description: 'What may be pushed; anything when left out.' }),
    depth: z.int().min(1).max(1_000_000).optional().meta({ description: 'Commits of history; all when left out.' }),
  })
  .meta({ id: 'RepoRequest' });

export const command = z
  .array(text)
  .min(1)
  .max(256)
  .refine((argv) => argv[0] !== '', { message: 'must not be empty', path: [0] })
  .meta({ description: 'Program and arguments. Left out: an interactive session.' });

const variables = (value: z.ZodType<string>, limit: number) =>
  z.record(z.string(), value).superRefine((record, context) => {
    const names = Object.keys(record);
    if (names.length > limit) context.addIssue(`must have at most ${limit} entries`);
    for (const name of names) {
      const message = variableNameProblem(name);
      if (message !== null) context.addIssue({ code: 'custom', path: [name], message });
    }
  });

export const env = variables(text, 256).meta({
  description: 'Environment of the command. Not REPO_TOKEN, RELACE_*, DAYPASS_*, GIT_*, LD_* and *_PROXY.',
});

export const secrets = variables(text, 64)
  .superRefine((record, context) => {
    const bytes = Object.values(record).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
    if (bytes > MAX_SECRETS_BYTES)
      context.addIssue(`must have at most ${MAX_SECRETS_BYTES} bytes together; these have ${bytes}`);
    const lines = Object.values(record).reduce((sum, value) => sum + secretLines(value), 0);
    if (lines > MAX_SECRET_LINES)
      context.addIssue(`must have at most ${MAX_SECRET_LINES} lines together; these have ${lines}`);
  })
  .meta({
    description:
      'As env, but sealed at once, never returned, and masked in the log: whole values of 4 characters or more, and ' +
      'single lines of 6 or more, white space around them aside. One of 1 to 3 characters is refused as ' +
      `secret_too_short, unless unmaskedSecrets names it. At most ${MAX_SECRETS_BYTES} bytes and ${MAX_SECRET_LINES} lines together.`,
  });

export const unmaskedSecrets = z
  .array(z.string().max(128))
  .max(64)
  .meta({
    description:
      'Names of secrets that may be too short to be masked, and are not then; each is one of secrets. What is long enough ' +
      'is masked all the same.',
  });

export const metadata = z
  .record(z.string(), z.string().max(512))
  .superRefine((record, context) => {
    const names = Object.keys(record);
    if (names.length > 32) context.addIssue('must have at most 32 entries');
    for (const name of names) {
      if (/^[\w.-]{1,64}$/.test(name)) continue;
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'must be a name of 1 to 64 letters, digits, _, . and -',
      });
    }
  })
  .meta({ description: 'Yours, to find the session by.' });

const smallDisk = (path: string) =>
  z
    .int()
    .min(8)
    .optional()
    .meta({
      description: `${path}, in memory: at most memoryMb, as which it counts. Half of memoryMb when left out, and what small ones need.`,
    });

export const resources = z.strictObject({
  cpus: z.number().min(0.1).optional(),
  memoryMb: z
    .int()
    .min(16)
    .optional()
    .meta({ description: 'Processes, /tmp and the home directory. Where no disks can be made, the workspace too.' }),
  pids: z.int().min(8).optional(),
  diskMb: z.int().min(8).optional().meta({ description: 'The workspace, with what its file system needs itself.' }),
  homeMb: smallDisk('/home/agent'),
  tmpMb: smallDisk('/tmp'),
  shmMb: smallDisk('/dev/shm'),
});

export const networkRules = z.array(checked(networkRuleProblem).max(300)).max(64).meta({
  description:
    'Hosts besides the repo host: `api.example.com`, `*.example.org:8443`. Without a port it is 443. What passes must be TLS or HTTP that names the host; `tcp://db.example.com:5432` lets any bytes through.',
});

export const webhook = z
  .strictObject({
    url: z
      .string()
      .meta({ description: 'https, at a port that the operator allows.', example: 'https://example.com/hook' }),
    secret: checked(webhookSecretProblem).meta({ description: 'whsec_ and 24 to 64 bytes in base64.' }),
  })
  .meta({
    id: 'WebhookRequest',
    description:
      'Told of session.running, session.ended and session.settled by Standard Webhooks: signed, tried again, at least ' +
      'once. Both fields are sealed at once and never returned.',
  });
