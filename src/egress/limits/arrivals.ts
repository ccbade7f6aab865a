import type { Socket } from 'node:net';
import { TokenBucket } from './token-bucket.ts';

/** New connections that come too fast wait; longer than this, and they are refused. */
const MAX_WAIT_MS = 5_000;
const BURST_SECONDS = 4;

/** Holds the new connections of one sandbox to a rate: four seconds' worth may come at once, the others wait for their turn. */
export interface Arrivals {
  /**
   * `admitted` when it is the client's turn, `refused` when that would take too long, `gone` when the client hung up while it
   * waited: its connection is closed. Only an admitted client counts, so that a flood of clients that hang up does not keep
   * out the next one that stays. Never rejects.
   */
  arrive(client: Socket): Promise<'admitted' | 'refused' | 'gone'>;
}

export function createArrivals({ perSecond }: { perSecond: number }): Arrivals {
  const turns = new TokenBucket({ perSecond, burst: perSecond * BURST_SECONDS }, performance.now());
  return {
    async arrive(client) {
      const waitMs = turns.take(1, performance.now());
      if (waitMs === 0) return 'admitted';
      if (waitMs <= MAX_WAIT_MS && (await staysFor(client, waitMs))) return 'admitted';
      turns.giveBack(1);
      if (waitMs > MAX_WAIT_MS) return 'refused';
      client.destroy();
      return 'gone';
    },
  };
}

/** Resolves with true when the time is over, with false as soon as the client has ended or closed its connection. */
function staysFor(client: Socket, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const end = (stays: boolean): void => {
    clearTimeout(timer);
    client.off('end', leave).off('close', leave);
    resolve(stays);
  };
  const leave = (): void => end(false);
  const timer = setTimeout(end, ms, true);
  client.on('end', leave).on('close', leave);
  if (client.destroyed || client.readableEnded) leave();
  return promise;
}
