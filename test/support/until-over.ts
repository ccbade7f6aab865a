import type { Socket } from 'node:net';

/** How a client sees that its connection was reset: as it reads, or as it writes. Which comes first is chance. */
export const RESET = /^(ECONNRESET|EPIPE)$/;

/**
 * Resolves when the other side is done with a connection, in whatever way its client comes to see that: one that is cut with
 * bytes unread or on their way breaks with ECONNRESET or EPIPE, and may do so before it reads the end. Never rejects.
 */
export function untilOver(socket: Socket): Promise<void> {
  // Without a listener an error would end the test.
  socket.on('error', () => undefined);
  if (socket.destroyed || socket.readableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ['end', 'close'] as const) socket.once(event, () => resolve());
  });
}
