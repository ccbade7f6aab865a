import type { Report } from './reports.ts';

/** What a worker has of a sandbox that it holds: orders for its init, and what init reports. See `init-protocol.ts`. */
export interface SandboxChannel {
  /** Reports that end at or before this offset came about before this channel was opened. */
  readonly since: number;
  /** Whether orders reach nobody any more: init has ended, or somebody newer holds the sandbox. */
  readonly isClosed: boolean;
  /** Resolves when the kernel has taken the bytes. Rejects when the channel is closed. */
  send(order: Uint8Array): Promise<void>;
  /**
   * What init reports, in order, from the offset that was asked for. Ends when the channel is closed and everything
   * written before was read, which is *not* an exit: ask `inspect`. May be read once.
   */
  readonly reports: AsyncIterable<Report>;
  close(): void;
}
