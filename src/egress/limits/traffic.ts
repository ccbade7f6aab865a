import type { GatewayLimits } from './limits.ts';
import { TokenBucket } from './token-bucket.ts';

export type Direction = 'sent' | 'received';

/** Bytes that a session has moved, to all hosts but the repo host. */
export type Totals = Record<Direction, number>;

const MIB = 1024 * 1024;

/** What a sandbox moves through the gateway: how much in all, and how fast. */
export class Traffic {
  readonly totals: Totals;
  readonly #limits: GatewayLimits;
  readonly #rates: Record<Direction, TokenBucket>;

  constructor(limits: GatewayLimits, totals: Totals, nowMs: number) {
    const rate = { perSecond: limits.bytesPerSecond };
    this.#limits = limits;
    this.totals = { ...totals };
    this.#rates = { sent: new TokenBucket(rate, nowMs), received: new TokenBucket(rate, nowMs) };
  }

  /** Why no more may pass; null while it may. */
  get problem(): string | null {
    const { sentBytes, receivedBytes } = this.#limits;
    if (this.totals.sent >= sentBytes)
      return `this session has sent all of the ${Math.ceil(sentBytes / MIB)} MiB that it may`;
    if (this.totals.received >= receivedBytes)
      return `this session has received all of the ${Math.ceil(receivedBytes / MIB)} MiB that it may`;
    return null;
  }

  /** Counts bytes that pass, and gives how long the next ones have to wait, in ms. Those of the repo host are not summed up. */
  pass(direction: Direction, bytes: number, { isRepoHost }: { isRepoHost: boolean }, nowMs: number): number {
    if (!isRepoHost) this.totals[direction] += bytes;
    return this.#rates[direction].take(bytes, nowMs);
  }
}
