import type { Socket } from 'node:net';

/** A connection on which nothing moves for so long is given up; git may think for minutes. */
const IDLE_TIMEOUT_MS = 15 * 60_000;

/** Closes the socket when it stays idle. Counts anew from each call. */
export function closeWhenIdle(socket: Socket): void {
  socket.off('timeout', destroyIt);
  socket.setTimeout(IDLE_TIMEOUT_MS);
  socket.on('timeout', destroyIt);
}

/** Runs this once the socket is closed; at once where it is already. */
export function whenClosed(socket: Socket, run: () => void): void {
  if (socket.destroyed) run();
  else socket.once('close', run);
}

function destroyIt(this: Socket): void {
  this.destroy();
}
