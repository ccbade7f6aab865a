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
  sessionId: string;
  tokenId: string;
  running: boolean;
}

/**
 * The two directions of a started sandbox: orders for its init, and what init reports. Both are the bytes of
 * `init-protocol.ts`.
 */
export interface SandboxChannel {
  /** Resolves when the engine has taken the bytes. Rejects when the channel is closed. */
  send(order: Uint8Array): Promise<void>;
  /** What init wrote, in order. Ends when the stream ends, which is *not* an exit: ask `inspect`. May be read once. */
  readonly reports: AsyncIterable<Uint8Array>;
  /** Text that init wrote to its own standard error: it has a bug or was misused. Empty in a healthy life. */
  diagnostics(): string;
  close(): void;
}

/**
 * Where sandboxes run. Sandboxes are found by their labels, never by memory, and belong to one installation: two
 * installations on one engine do not see one another's.
 *
 * Order: `create` → `start` → `signal`* → `inspect`* → `remove`. `signal` and `remove` may come at any time and are safe
 * to repeat: already stopped and already gone are successes. Calls for different sandboxes may run side by side.
 *
 * Throws `SessionError` with `image_missing`, `engine_unavailable` or `sandbox_failed`.
 */
export interface SandboxRuntime {
  /** Checks the spec once more, independently of who made it, and refuses what is outside the profile. */
  create(spec: SandboxSpec): Promise<void>;
  /** Starts it; resolves once init can be spoken to. */
  start(sandboxId: string): Promise<SandboxChannel>;
  /** To init, which passes it to the agent (SIGTERM) or dies with everything in the sandbox (SIGKILL). */
  signal(sandboxId: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** null when there is no such sandbox. */
  inspect(sandboxId: string): Promise<SandboxState | null>;
  /** Kills it if needed and removes it with its volumes; resolves when the engine no longer knows it. */
  remove(sandboxId: string): Promise<void>;
  /** All sandboxes of this installation on this engine. */
  list(): Promise<SandboxListing[]>;
  /** Resolves when the engine answers; rejects with `engine_unavailable`. */
  ping(): Promise<void>;
}
