import type { SandboxSpec } from '../sandbox-spec.ts';

/** Ownership lies on the container, not in anybody's memory. These names are fixed; operators filter by them. */
export const LABEL = {
  role: 'daypass.role',
  installation: 'daypass.installation',
  sandbox: 'daypass.sandbox',
  session: 'daypass.session',
  token: 'daypass.token',
} as const;

export function sandboxLabels(spec: SandboxSpec, installation: string): Record<string, string> {
  return {
    [LABEL.role]: 'session',
    [LABEL.installation]: installation,
    [LABEL.sandbox]: spec.sandboxId,
    [LABEL.session]: spec.sessionId,
    [LABEL.token]: spec.tokenId,
  };
}
