import type { ServerResponse } from 'node:http';
import type { HostBounds } from '../bounds.ts';

/** Watches how fast an answer is read while there is more of it than the client has taken. */
export interface Reader {
  /** Calls `act` once, when the client is so slow that a transfer is to leave its place. */
  onSlow(act: () => void): void;
}

/** Cuts the connection of a client that reads more slowly than it may. The watch ends with the answer. */
export function watchReader(res: ServerResponse, bounds: HostBounds['reader']): Reader {
  const { minBytesPerSecond, windowMs, placeBytesPerSecond, lookEveryMs } = bounds;
  const leastBytes = (minBytesPerSecond * windowMs) / 1_000;
  const placeBytes = (placeBytesPerSecond * lookEveryMs) / 1_000;
  let isSlow = false;
  let whenSlow: (() => void) | null = null;
  let slowLooks = 0;
  let window = { bytes: 0, ms: 0 };
  let before = takenBytes(res);
  const look = (): void => {
    const now = takenBytes(res);
    const moved = now - before;
    before = now;
    if (!res.writableNeedDrain && res.writableLength === 0) {
      slowLooks = 0;
      window = { bytes: 0, ms: 0 };
      return;
    }
    window = { bytes: window.bytes + moved, ms: window.ms + lookEveryMs };
    if (window.ms >= windowMs) {
      if (window.bytes < leastBytes) res.destroy();
      window = { bytes: 0, ms: 0 };
    }
    slowLooks = moved < placeBytes ? slowLooks + 1 : 0;
    // Once could be a machine that has much to do.
    if (slowLooks < 2 || isSlow) return;
    isSlow = true;
    whenSlow?.();
  };
  const looking = setInterval(look, lookEveryMs).unref();
  res.once('close', () => clearInterval(looking));
  return {
    onSlow(act) {
      whenSlow = act;
      if (isSlow) act();
    },
  };
}

/** What the connection has given to the system; what waits here for a client that does not read is not in it. */
function takenBytes({ socket }: ServerResponse): number {
  return socket === null ? 0 : socket.bytesWritten - socket.writableLength;
}
