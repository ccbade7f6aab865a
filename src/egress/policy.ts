import { z } from 'zod';
import { networkRuleProblem } from '../session/network-rule.ts';
import { gitPolicy } from './git/policy.ts';

/** What the gateway is told of one sandbox. */
const sandboxPolicy = z.strictObject({
  /** One that a gateway does not know is not guessed at: its sandbox has no way out. Absent: 1. */
  version: z.literal(1).default(1),
  /** Also the name of a file and a directory. */
  sandboxId: z.string().regex(/^sbx_[\w-]{1,40}$/),
  sessionId: z.string(),
  /** How far git goes, where the session's token is with the gateway; absent where the sandbox has it. */
  git: gitPolicy.optional(),
  /** As in a request; the repo host is always allowed besides. */
  allow: z.array(z.string().refine((text) => networkRuleProblem(text) === null)),
});

export type SandboxPolicy = z.output<typeof sandboxPolicy>;

/** The same as it is written: the version goes without saying. */
export type NewPolicy = z.input<typeof sandboxPolicy>;

/** Reads a policy file; throws when it is broken or was written for another sandbox than the one it is named after. */
export function parsePolicy(text: string, sandboxId: string): SandboxPolicy {
  const policy = sandboxPolicy.parse(JSON.parse(text));
  if (policy.sandboxId !== sandboxId) throw new Error(`it is the policy of ${policy.sandboxId}`);
  return policy;
}
