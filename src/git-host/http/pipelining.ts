import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Cuts connections that send request after request and read no answer: Node takes them all in, and each answer waits in memory
 * for those before it. The function is false for a request whose connection was cut.
 */
export function createPipelineGuard(maxUnanswered: number): (req: IncomingMessage, res: ServerResponse) => boolean {
  const unanswered = new WeakMap<Socket, number>();
  return ({ socket }, res) => {
    const open = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, open);
    res.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (open <= maxUnanswered) return true;
    socket.destroy();
    return false;
  };
}
