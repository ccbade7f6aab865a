import type { FailureCode } from '../errors.ts';
import type { RepoGrant, Access } from '../token/record.ts';
import type { SessionWebhook } from '../webhook/message.ts';
import type { PushRules } from './push-rules.ts';
import type { StdinFacts } from './stdin.ts';
import type { SessionStatus } from './status.ts';

export interface SessionRepo {
  id: string;
  /** Branch, tag or full commit id; null is the repo's HEAD. */
  ref: string | null;
  /** Below /workspace. */
  path: string;
  access: Access;
  /** Absent: what may be written may be pushed anyhow. Only with delivery by the gateway, which enforces it. */
  push?: PushRules;
  /** Commits of history to clone; null is all of it. */
  depth: number | null;
}

export interface SessionResources {
  cpus: number;
  memoryMb: number;
  pids: number;
  diskMb: number;
  /** Of what is in memory besides: see `small-disks.ts`. */
  homeMb?: number;
  tmpMb?: number;
  shmMb?: number;
}

/** What was asked for, with every default filled in. Secrets are not here but sealed beside it. */
export interface SessionRequest {
  repos: SessionRepo[];
  /** null: an interactive session, which stays until it is stopped or its time is over. */
  command: string[] | null;
  image: string;
  env: Record<string, string>;
  timeoutSeconds: number;
  maxTimeoutSeconds: number;
  resources: SessionResources;
  network: { allow: string[] };
  /** `env`: the token is in the sandbox's environment. `gateway`: it never enters; the gateway adds it to git's requests. */
  credentials: { delivery: 'env' | 'gateway' };
  priority: number;
  metadata: Record<string, string>;
}

export interface SessionFailure {
  code: FailureCode;
  message: string;
  /** The line of run-session in which it happened, such as `mint` or `clone`. */
  step: string;
}

export interface StopRequest {
  requestedAt: string;
  graceSeconds: number;
  /** `now`: the token is deleted before the agent is told to stop. */
  revoke: 'after' | 'now';
}

export interface SessionTimings {
  queuedMs?: number;
  mintMs?: number;
  containerMs?: number;
  cloneMs?: number;
  toRunningMs?: number;
}

export interface SessionSandbox {
  id: string;
  image: string;
  /** Id of the engine that it is on: only a worker of that engine can see to it. */
  engine: string;
  /** Version of the protocol that its init speaks, as `init-protocol.ts` counts; absent before it is claimed. */
  protocol?: string;
  /** Set once in the life of a session, by the worker that may deliver the environment and start the command. */
  claimedAt: string | null;
  removedAt: string | null;
}

/** A session as the store keeps it. Times are ISO 8601 UTC. */
export interface SessionRecord {
  id: string;
  status: SessionStatus;
  request: SessionRequest;
  /** `secrets` of the request, sealed by the API to the minter's public key; null when there are none or they are erased. */
  sealedSecrets: string | null;
  /** Absent when its command reads /dev/null. */
  stdin?: StdinFacts;
  /** Whom to tell of its steps, and what is still to be told; absent when nobody. */
  webhook?: SessionWebhook;
  /** Id of the API key that started it, and whose holders see it. */
  keyId: string;
  createdAt: string;
  startedAt: string | null;
  runningAt: string | null;
  endedAt: string | null;
  deadlineAt: string | null;
  exitCode: number | null;
  failure: SessionFailure | null;
  stop: StopRequest | null;
  /** Its current token. */
  tokenId: string | null;
  /**
   * Its other ones. Those before it: given to nobody (their minting's answer was lost, or they were over too early), or
   * renewed. And `nextTokenId`. Absent when none.
   */
  formerTokenIds?: string[];
  /** The one that is being minted to follow the current one. Absent when none is. */
  nextTokenId?: string;
  sandbox: SessionSandbox | null;
  /** Who holds it now; null while it waits, and after a hand-over until the next worker takes it. */
  worker: string | null;
  /** When its last worker left it to the next one; null while somebody holds it, and before. */
  handedOverAt: string | null;
  /** Counts the workers that have held it. Whoever finds another number than its own holds it no more. */
  term: number;
  /** The commit cloned per repo, in the order of `request.repos`; null for an empty repo or before the clone. */
  heads: (string | null)[];
  timings: SessionTimings;
  /** How often each thing was used up, by `exhaustionKey`. Absent when nothing was. */
  exhausted?: Record<string, number>;
}

/** The session's repos as its token must open them: each once, and for writing if one of its clones asks for that. */
export function grantsOf({ repos }: SessionRequest): RepoGrant[] {
  const ids = [...new Set(repos.map(({ id }) => id))];
  const written = new Set(repos.filter(({ access }) => access === 'write').map(({ id }) => id));
  return ids.map((repoId) => ({ repoId, access: written.has(repoId) ? 'write' : 'read' }));
}
