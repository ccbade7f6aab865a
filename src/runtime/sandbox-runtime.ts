import type { SandboxChannel } from './sandbox-channel.ts';
import type { SandboxSpec } from './sandbox-spec.ts';

/** What the engine says of one sandbox. */
export interface SandboxState {
  running: boolean;
  /** null while it runs or when it never started. */
  exitCode: number | null;
  /** The kernel killed something in it for want of memory. */
  outOfMemory: boolean;
}

export interface SandboxListing {
  sandboxId: string;
  /** Empty where there is no container. */
  sessionId: string;
  tokenId: string;
  running: boolean;
}

/**
 * Where sandboxes run. Sandboxes are found by their labels, never by memory, and belong to one installation: two
 * installations on one engine do not see one another's.
 *
 * Order: `create` → `start` → `attach`* → `signal`* → `inspect`* → `remove`. `signal` and `remove` may come at any time and
 * are safe to repeat: already stopped and already gone are successes. Calls for different sandboxes may run side by side.
 *
 * Throws `SessionError` with `image_missing`, `engine_unavailable` or `sandbox_failed`.
 */
export interface SandboxRuntime {
  /** Refuses what is outside the profile, by a check that is independent of who made the options. Once for each id. */
  create(spec: SandboxSpec): Promise<void>;
  /** Starts it; resolves once its init takes orders, and nobody else in the sandbox can give any. Once in its life. */
  start(sandboxId: string): Promise<void>;
  /**
   * Takes hold of a started sandbox; whoever held it before is cut off. Reports come from `from` on, an offset that is the
   * end of a report or 0. Of a sandbox that has ended it gives what it said last, without a container too. Waits for one
   * that is paused until the signal aborts.
   */
  attach(sandboxId: string, from: number, signal: AbortSignal): Promise<SandboxChannel>;
  /** To init, which passes it to the agent (SIGTERM) or dies with everything in the sandbox (SIGKILL). */
  signal(sandboxId: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** null when there is no such sandbox. */
  inspect(sandboxId: string): Promise<SandboxState | null>;
  /** Kills it if needed and removes it, with what it said; resolves when the engine no longer knows it. */
  remove(sandboxId: string): Promise<void>;
  /** All sandboxes of this installation on this engine, also those of which only what they said is left. */
  list(): Promise<SandboxListing[]>;
  /** Resolves when the engine answers; rejects with `engine_unavailable`. */
  ping(): Promise<void>;
}
