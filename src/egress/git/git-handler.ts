import type { Logger } from '../../ops/log.ts';
import { parseNetworkRule, ruleFor } from '../../session/network-rule.ts';
import type { SandboxPolicy } from '../policy.ts';
import type { RequestHandler } from '../request-handler.ts';
import type { Target } from '../target.ts';
import { keepCredential, type AskMinter, type CredentialKeeper } from './credentials.ts';
import { GIT_GATEWAY } from './git-gateway.ts';
import type { SharedGit } from './git-call.ts';
import { serveGit } from './session-git.ts';

export interface GitHandlerDeps {
  repoHost: Target;
  ask: AskMinter;
  shared: SharedGit;
  log: Logger;
}

/**
 * Git for the sessions whose token never enters their sandboxes. Such a sandbox reaches its repo host in this way only, also
 * under the host's own address, unless its `network.allow` names that: with a token from elsewhere it could push to
 * whatever else is there.
 */
export function createGitHandlers(deps: GitHandlerDeps): {
  handlersFor: (policy: SandboxPolicy) => RequestHandler[];
  /** Forgets the credential of a sandbox whose policy is gone. */
  onGone: (sandboxId: string) => void;
} {
  const kept = new Map<string, { tokenId: string; keeper: CredentialKeeper }>();

  const keeperOf = ({ sandboxId, sessionId }: SandboxPolicy, tokenId: string): CredentialKeeper => {
    const known = kept.get(sandboxId);
    const keeper = known?.keeper ?? keepCredential(() => deps.ask({ sessionId, sandboxId }));
    if (known !== undefined && known.tokenId !== tokenId) keeper.forget();
    kept.set(sandboxId, { tokenId, keeper });
    return keeper;
  };

  return {
    handlersFor(policy) {
      const { git } = policy;
      if (git === undefined) return [];
      const log = deps.log.child({ sessionId: policy.sessionId });
      const credentials = keeperOf(policy, git.tokenId);
      const rules = policy.allow.map(parseNetworkRule);
      const { repoHost, shared } = deps;
      return [
        {
          serves: (target) =>
            target !== null &&
            (isSame(target, GIT_GATEWAY) ||
              (isSame(target, repoHost) && ruleFor(rules, repoHost.host, repoHost.port) === null)),
          handle: (request) =>
            serveGit({ ...shared, sandboxId: policy.sandboxId, repoHost, policy: git, credentials, log }, request),
        },
      ];
    },
    onGone: (sandboxId) => void kept.delete(sandboxId),
  };
}

function isSame(one: Target, other: Target): boolean {
  return one.host === other.host && one.port === other.port;
}
