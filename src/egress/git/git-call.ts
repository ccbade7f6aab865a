import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../ops/log.ts';
import type { SandboxRequest } from '../request-handler.ts';
import type { Credential, CredentialKeeper } from './credentials.ts';
import type { GitRequest } from './git-url.ts';
import type { GitPolicy, GitRepoRights } from './policy.ts';
import type { Scratch } from './scratch.ts';
import type { Target } from '../target.ts';
import type { CallUpstream } from './upstream.ts';

/** Said of each request: `git push refs/heads/main`, and why it is refused; null where it is allowed. */
export type Decided = (what: string, refused: string | null) => void;

export type InTurn = (work: () => Promise<void>) => Promise<void>;

export interface SessionGitDeps {
  repoHost: Target;
  policy: GitPolicy;
  credentials: CredentialKeeper;
  upstream: CallUpstream;
  scratch: Scratch;
  /** Looks into one push of the session at a time. */
  inTurn: InTurn;
  log: Logger;
}

/** A request of git that may go on, with all that is needed for it. */
export interface GitCall extends GitRequest {
  req: IncomingMessage;
  res: ServerResponse;
  meters: SandboxRequest['meters'];
  repo: GitRepoRights;
  decided: Decided;
  /** As the provider names the repo. */
  cloneUrl: string;
  credential: Credential;
  /** Aborts when the client goes away. */
  signal: AbortSignal;
}
