import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../ops/log.ts';
import type { SandboxRequest } from '../request-handler.ts';
import type { Credential, CredentialKeeper } from './credentials.ts';
import type { GitRequest } from './git-url.ts';
import type { GitPolicy, GitRepoRights } from './policy.ts';
import type { FairSlots } from '../limits/fair-slots.ts';
import type { Pace, Patience } from './patience.ts';
import type { Spool } from './spool.ts';
import type { Target } from '../target.ts';
import type { CallUpstream } from './upstream.ts';

/** Said of each request: `git push refs/heads/main`, and why it is refused; null where it is allowed. */
export type Decided = (what: string, refused: string | null) => void;

export interface SessionGitDeps extends SharedGit {
  /** Whose share of what is shared is taken. */
  sandboxId: string;
  repoHost: Target;
  policy: GitPolicy;
  credentials: CredentialKeeper;
  log: Logger;
}

/** What all sessions share. */
export interface SharedGit {
  upstream: CallUpstream;
  spool: Spool;
  /** Places for requests of git; each session has its own, so that one with many or slow ones holds up itself alone. */
  requests: FairSlots;
  /** Places for pushes that are looked into, which takes a processor. */
  checks: FairSlots;
  pace: Pace;
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
  /** Aborts when the client goes away, or is given up. */
  signal: AbortSignal;
  /** Of the client as it sends, and as it reads. */
  patience: Patience;
  /** Answers so, if nothing was answered yet, and ends all that is done for the request. */
  giveUp(status: 408 | 503, reason: string): void;
}
