import type { SandboxPolicy } from '../src/egress/policy.ts';
import { resolvePushRules } from '../src/session/push-rules.ts';
import { grantsOf, type SessionRecord } from '../src/session/record.ts';

/** What the gateway is told of a session's sandbox: always all of it, so that whoever writes it last is right. Pure. */
export function gatewayPolicy(session: SessionRecord, sandboxId: string): SandboxPolicy {
  const { network, credentials } = session.request;
  const policy = { sandboxId, sessionId: session.id, allow: network.allow };
  return credentials.delivery === 'gateway' ? { ...policy, git: gitPolicy(session) } : policy;
}

function gitPolicy({ id: sessionId, tokenId, request }: SessionRecord): NonNullable<SandboxPolicy['git']> {
  const repos = grantsOf(request).map(({ repoId, access }) => {
    const push = request.repos.find((repo) => repo.id === repoId && repo.access === 'write')?.push;
    return { id: repoId, access, push: push === undefined ? null : resolvePushRules(sessionId, push) };
  });
  return { tokenId: tokenId ?? '', repos };
}
