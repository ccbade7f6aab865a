import type { Request, Response } from 'express';
import type { Socket } from 'node:net';

/** More than any client of today sends before it reads, which is one. */
const MAX_UNANSWERED = 8;

/**
 * Cuts connections that send request after request and read no answer: Node takes them all in, and each answer waits in
 * memory for those before it. False when it was cut.
 */
export function createPipelineGuard(): (req: Request, res: Response) => boolean {
  const unanswered = new WeakMap<Socket, number>();
  return ({ socket }, res) => {
    const open = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, open);
    res.on('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (open <= MAX_UNANSWERED) return true;
    socket.destroy();
    return false;
  };
}
