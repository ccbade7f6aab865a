import type { IncomingMessage } from 'node:http';

/** More than a client has on its way when it hears that its body is not wanted. */
const MAX_DROPPED_BYTES = 1024 ** 2;
/** Clients that announce a length send all of it before they read. Bytes that no parser sees cost next to nothing. */
const MAX_ANNOUNCED_BYTES = 64 * 1024 ** 2;
const MAX_DROPPING_MS = 30_000;
/** In which a client that still sends can read the answer. */
const LINGER_MS = 1_000;

/**
 * Closes a connection whose request was answered before all of it came, so that its client can read the answer: closed at once,
 * the kernel would take the answer back. What comes is dropped unparsed, within bounds of bytes and time.
 */
export function lingeringClose(req: IncomingMessage): void {
  const { socket } = req;
  if (socket.destroyed) return;
  const announced = Number(req.headers['content-length'] ?? Infinity);
  let left = announced <= MAX_ANNOUNCED_BYTES ? announced : MAX_DROPPED_BYTES;
  let timer = setTimeout(() => socket.destroy(), MAX_DROPPING_MS).unref();
  socket.once('close', () => clearTimeout(timer));
  const drop = (bytes: Buffer): void => {
    left -= bytes.length;
    if (left >= 0) return;
    socket.pause();
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
  // Node's server starts to read a connection again at its `resume`; only then can the parser be left out.
  socket.once('resume', () => {
    for (const event of ['data', 'end']) socket.removeAllListeners(event);
    socket.on('data', drop).once('end', () => socket.destroy());
  });
  socket.pause().resume();
  socket.end();
}
