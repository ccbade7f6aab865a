import type { WorkerConfig } from '../src/config.ts';
import type { Logger } from '../src/ops/log.ts';
import type { SessionsQueue } from '../src/queue/sessions-queue.ts';
import type { HostFacts } from '../src/runtime/docker/host-facts.ts';
import type { SandboxRuntime } from '../src/runtime/sandbox-runtime.ts';
import type { RepoHost } from '../src/session/repo-host.ts';
import type { Changes } from '../src/store/changes.ts';
import type { Redis } from '../src/store/redis.ts';
import type { Masks } from '../src/token/masks.ts';
import type { MinterClient } from '../src/token/minter/client.ts';
import type { Present } from './presence.ts';

/** What the steps of a session work with; made once, in `main.ts`. */
export interface WorkerDeps {
  config: WorkerConfig;
  log: Logger;
  /** Waits for Redis for as long as it takes: a session that runs must not fail because a record cannot be written. */
  redis: Redis;
  queue: SessionsQueue;
  changes: Changes;
  minter: MinterClient;
  /** Masks texts from outside as they enter what is told of a session. */
  masks: Masks;
  runtime: SandboxRuntime;
  /** This worker's host, as its warden knows it. */
  host: HostFacts;
  /** The engine's own name for itself: only sandboxes on it are this worker's to see to. */
  engineId: string;
  repoHost: RepoHost;
  presence: () => Promise<Present>;
  /** Sessions that this process runs right now. */
  running: Set<string>;
  /** Aborts when this process hands over what it runs and ends. */
  closing: AbortSignal;
}
