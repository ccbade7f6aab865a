import type { Duplex } from 'node:stream';
import { pump, type Meter } from './pump.ts';

/**
 * Joins two connections: bytes both ways with back-pressure, the end of one direction passed on as such (git and HTTP
 * clients use half-closed connections), an error or a close of one ends the other. Resolves when both are over.
 */
export function splice(client: Duplex, upstream: Duplex, meters: { sent: Meter; received: Meter }): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = 2;
  for (const [from, to, meter] of [
    [client, upstream, meters.sent],
    [upstream, client, meters.received],
  ] as const) {
    from.on('error', () => to.destroy());
    from.once('close', () => {
      // Where both directions came to their end, both were passed on; any other close is a break.
      if (!from.readableEnded || !from.writableFinished) to.destroy();
      if (--open === 0) resolve();
    });
    pump(from, to, meter);
  }
  return promise;
}
