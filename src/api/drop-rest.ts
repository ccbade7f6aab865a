import type { Request } from 'express';

/** More than a client has on its way when it hears that its body is too large, and than any body that is not. */
const MAX_DROPPED_BYTES = 8 * 1024 ** 2;
const LOOK_EVERY_MS = 10;
/** In which a client that still sends can read the answer. */
const LINGER_MS = 1_000;

/**
 * Of a request that was answered before all of it came, some megabytes are dropped as they come, so that its connection can be
 * used again. Of one that goes on, nothing more is read, and its connection is closed.
 */
export function dropRest(req: Request): void {
  if (req.complete || req.destroyed) return;
  if (Number(req.headers['content-length'] ?? Infinity) <= MAX_DROPPED_BYTES) return;
  const { socket } = req;
  const until = socket.bytesRead + MAX_DROPPED_BYTES;
  const looking = setInterval(() => {
    if (req.complete) return clearInterval(looking);
    if (socket.bytesRead < until) return;
    clearInterval(looking);
    socket.pause();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
  }, LOOK_EVERY_MS).unref();
  socket.once('close', () => clearInterval(looking));
}
