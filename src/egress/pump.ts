import type { Readable, Writable } from 'node:stream';

/** Is told of bytes before they pass, and gives how long to wait before the next, in ms; null when no more may pass. */
export type Meter = (bytes: number) => number | null;

/**
 * Moves what can be read to where it can be written, and its end. Reads no further while the other side has enough, or the
 * meter wants to wait: then the sender is slowed down and nothing is kept here. A meter that is full destroys both.
 */
export function pump(from: Readable, to: Writable, meter: Meter): void {
  let isFull = false;
  let timer: NodeJS.Timeout | null = null;
  const goOn = (): void => {
    if (!isFull && timer === null) from.resume();
  };
  from.on('data', (piece: Buffer) => {
    const waitMs = meter(piece.length);
    if (waitMs === null) {
      from.destroy();
      to.destroy();
      return;
    }
    if (to.destroyed || to.writableEnded) return;
    if (!to.write(piece)) {
      isFull = true;
      to.once('drain', () => {
        isFull = false;
        goOn();
      });
    }
    if (waitMs > 0) {
      timer = setTimeout(() => {
        timer = null;
        goOn();
      }, waitMs);
    }
    if (isFull || timer !== null) from.pause();
  });
  const end = (): void => void to.end();
  // It may have ended before anybody listened.
  if (from.readableEnded) end();
  else from.once('end', end);
  from.once('close', () => {
    if (timer !== null) clearTimeout(timer);
  });
  // Whoever has read its beginning may have paused it.
  from.resume();
}
