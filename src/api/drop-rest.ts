import type { Request } from 'express';
import { MAX_BODY_BYTES } from './read-body.ts';

/** In which a client can read the answer. */
const LINGER_MS = 1_000;

/**
 * Of a request that was answered before all of it came: what may be as long as any body is dropped as it comes; of what is longer, or
 * has no end, nothing more is read, and its connection is closed as soon as the client has had time to read the answer.
 */
export function dropRest(req: Request): void {
  if (req.complete || req.destroyed) return;
  if (Number(req.headers['content-length'] ?? Infinity) <= MAX_BODY_BYTES) return;
  const { socket } = req;
  // Node itself sets a request that was answered flowing, right after this.
  setImmediate(() => void socket.pause());
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
