/* eslint-disable no-underscore-dangle -- `_destroy` is the documented hook of Node's streams. */

import type { IncomingMessage } from 'node:http';

/** A message may have so many pieces, whatever their size, besides these for its bytes and its time. */
const FREE_PIECES = 4_096;
const BYTES_FOR_A_PIECE = 64;
const PIECES_PER_SECOND = 100;

/** Smaller pieces are joined, until they make this many bytes or are this many. */
const JOIN_BYTES = 1_024;
const JOIN_PIECES = 512;

/** In which the reader of a body has to answer that it comes in too small pieces. */
const ANSWER_WITHIN_MS = 2_000;

/** The sender cuts its body into tiny chunks. The message is for the sender. */
export class TooSmallPieces extends Error {
  override readonly name = 'TooSmallPieces';

  constructor() {
    super(`the body comes in chunks of fewer than ${BYTES_FOR_A_PIECE} bytes; send larger ones`);
  }
}

/**
 * Bounds what a message costs whose body comes in tiny chunks: Node makes a buffer of each, and counts only its bytes against the
 * high-water mark. Pieces that arrive together are joined. Of more small pieces than an honest sender makes, none is taken in:
 * the body's reader gets `TooSmallPieces` and has two seconds to answer; without a reader the connection is cut. Call it before
 * the first piece comes.
 */
export function boundPieces(message: IncomingMessage): void {
  const push = message.push.bind(message);
  const destroy = message._destroy.bind(message);
  const began = performance.now();
  let [pieces, bytes] = [0, 0];
  let small: Buffer[] = [];
  let smallBytes = 0;

  const flush = (): boolean => {
    if (small.length === 0) return true;
    const joined = small.length === 1 ? small[0] : Buffer.concat(small);
    [small, smallBytes] = [[], 0];
    return !message.destroyed && push(joined);
  };
  const areTooSmall = (): boolean =>
    pieces > FREE_PIECES + bytes / BYTES_FOR_A_PIECE + ((performance.now() - began) / 1_000) * PIECES_PER_SECOND;

  message.push = (piece: Buffer | null): boolean => {
    if (piece === null) {
      flush();
      return push(null);
    }
    // Node pauses the connection: nothing more is parsed.
    if (message.destroyed) return false;
    pieces += 1;
    bytes += piece.length;
    if (pieces > FREE_PIECES && areTooSmall()) {
      small = [];
      message.destroy(new TooSmallPieces());
      return false;
    }
    if (piece.length >= JOIN_BYTES) {
      flush();
      return push(piece);
    }
    // Those of one read of the connection come in one go, with ticks between them.
    if (small.push(piece) === 1) setImmediate(flush);
    smallBytes += piece.length;
    if (smallBytes >= JOIN_BYTES || small.length >= JOIN_PIECES) return flush();
    return message.readableLength + smallBytes < message.readableHighWaterMark;
  };

  message._destroy = (error, done): void => {
    if (!(error instanceof TooSmallPieces) || message.listenerCount('error') === 0) return destroy(error, done);
    // The connection stays for the answer, which Node's own way of destroying a message takes away.
    const { socket } = message;
    const timer = setTimeout(() => socket.destroy(), ANSWER_WITHIN_MS).unref();
    socket.once('close', () => clearTimeout(timer));
    process.nextTick(done, error);
  };
}
