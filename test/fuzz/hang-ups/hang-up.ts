import { connect, type NetConnectOpts, type Socket } from 'node:net';

/**
 * How a client leaves: by the end of its direction, by a reset, by an end behind which it still reads for a while, or with
 * bytes in its receive buffer that it never reads, which resets the connection as well.
 */
export const LEAVES = ['end', 'reset', 'half', 'unread'] as const;

/** One connection, as it is to go. */
export interface HangUp {
  request: Buffer;
  /** So many bytes of the request are sent. */
  sentBytes: number;
  /** When it leaves: so many ms behind the last byte it sent, or once so many bytes of the answer are there. */
  leavesAt: { ms: number } | { answerBytes: number };
  leave: (typeof LEAVES)[number];
}

/** A client that waits for an answer waits no longer than this, and no longer than that for its end. */
const MAX_WAIT_MS = 2_000;
const MAX_END_WAIT_MS = 300;

/** Connects, sends, leaves; resolves when the connection is closed, with how many bytes of an answer it read. Never rejects. */
export function hangUp(address: NetConnectOpts, plan: HangUp): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = connect({ ...address, allowHalfOpen: true });
  const atBytes = 'answerBytes' in plan.leavesAt ? plan.leavesAt.answerBytes : Infinity;
  let read = 0;
  let hasLeft = false;
  const leave = (): void => {
    if (hasLeft) return;
    hasLeft = true;
    clearTimeout(late);
    LEAVE[plan.leave](socket);
    late = setTimeout(() => socket.destroy(), MAX_END_WAIT_MS);
  };
  let late = setTimeout(leave, MAX_WAIT_MS);
  socket.on('error', () => undefined);
  socket.once('close', () => {
    clearTimeout(late);
    resolve(read);
  });
  socket.once('end', () => socket.destroy());
  socket.once('connect', () => {
    socket.write(plan.request.subarray(0, plan.sentBytes));
    if (plan.leave !== 'unread' || atBytes < Infinity) {
      socket.on('data', (bytes: Buffer) => {
        read += bytes.length;
        if (read >= atBytes) leave();
      });
    }
    if ('ms' in plan.leavesAt) setTimeout(leave, plan.leavesAt.ms);
  });
  return promise;
}

const LEAVE: Record<HangUp['leave'], (socket: Socket) => void> = {
  end(socket) {
    socket.end(() => socket.destroy());
  },
  reset(socket) {
    // A Unix socket has no reset; what was not read makes one there as well.
    if (socket.remoteFamily === undefined) socket.destroy();
    else socket.resetAndDestroy();
  },
  half(socket) {
    socket.end();
  },
  unread(socket) {
    socket.pause();
    setTimeout(() => socket.destroy(), 1);
  },
};
