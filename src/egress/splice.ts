import type { Duplex } from 'node:stream';

/**
 * Joins two connections: bytes both ways with back-pressure, the end of one direction passed on as such (git and HTTP
 * clients use half-closed connections), an error or a close of one ends the other. Resolves when both are over.
 */
export function splice(client: Duplex, upstream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = 2;
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.once('close', () => {
      // Where both directions came to their end, pipe has passed both on; any other close is a break.
      if (!from.readableEnded || !from.writableFinished) to.destroy();
      if (--open === 0) resolve();
    });
    from.pipe(to);
  }
  return promise;
}
