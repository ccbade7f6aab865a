import type { NewPolicy } from '../../src/egress/policy.ts';
import { resolvePushRules } from '../../src/session/push-rules.ts';
import { grantsOf, type SessionRecord } from '../../src/session/record.ts';

/** What the gateway is told of a session's sandbox. `allow` may be newer than the record. */
export function policyOf(session: SessionRecord, sandboxId: string, allow: string[]): NewPolicy {
  const policy = { sandboxId, sessionId: session.id, allow };
  return session.request.credentials.delivery === 'gateway' ? { ...policy, git: gitOf(session) } : policy;
}

function gitOf({ id: sessionId, tokenId, request }: SessionRecord): NonNullable<NewPolicy['git']> {
  const repos = grantsOf(request).map(({ repoId, access }) => {
    const push = request.repos.find((repo) => repo.id === repoId && repo.access === 'write')?.push;
    return { id: repoId, access, push: push === undefined ? null : resolvePushRules(sessionId, push) };
  });
  return { tokenId: tokenId ?? '', repos };
}
