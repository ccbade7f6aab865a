import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionError } from '../errors.ts';

/** A connection to the init of a running sandbox, which takes orders over the newest one only. */
export interface InitLink {
  /** Offset in its reports from which on everything happens under this link. */
  readonly since: number;
  /** Whether init is gone, or listens to somebody newer. */
  readonly isClosed: boolean;
  /** Resolves when the kernel has taken the bytes. Rejects with `sandbox_failed` when the link is closed. */
  send(order: Uint8Array): Promise<void>;
  /** Resolves at the next sign of new reports, when the link closes, or after `timeoutMs`. */
  hint(timeoutMs: number): Promise<void>;
  close(): void;
}

/** Bytes of the offset that init sends first. */
const HELLO_BYTES = 8;
const RETRY_MS = 50;

/**
 * Connects; init then cuts off whoever was connected before. null when nobody listens: init has ended. Waits for an
 * init that does not answer, such as one that is paused, until the signal aborts; then rejects with its reason.
 */
export async function openInitLink(socketPath: string, signal: AbortSignal): Promise<InitLink | null> {
  for (;;) {
    signal.throwIfAborted();
    const socket = connect(socketPath);
    socket.on('error', () => undefined);
    const connected = await once(socket, 'connect').then(
      () => null,
      (error: NodeJS.ErrnoException) => error,
    );
    if (connected === null) return greet(socket, signal);
    if (connected.code === 'ENOENT' || connected.code === 'ECONNREFUSED') return null;
    // EAGAIN: its backlog is full, because it is paused or very busy.
    await sleep(RETRY_MS, undefined, { signal });
  }
}

async function greet(socket: Socket, signal: AbortSignal): Promise<InitLink | null> {
  const hello: Buffer[] = [];
  const give = (): void => void socket.destroy();
  signal.addEventListener('abort', give, { once: true });
  try {
    for (let length = 0; length < HELLO_BYTES;) {
      const event = await nextOf(socket);
      if (event === null) {
        signal.throwIfAborted();
        return null;
      }
      hello.push(event);
      length += event.length;
    }
  } finally {
    signal.removeEventListener('abort', give);
  }
  return linkOver(socket, Number(Buffer.concat(hello).readBigUInt64BE(0)));
}

/** The next bytes; null at the end. */
async function nextOf(socket: Socket): Promise<Buffer | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | null>();
  const data = (bytes: Buffer): void => resolve(bytes);
  const end = (): void => resolve(null);
  socket.once('data', data).once('close', end).once('end', end);
  try {
    return await promise;
  } finally {
    socket.off('data', data).off('close', end).off('end', end);
  }
}

function linkOver(socket: Socket, since: number): InitLink {
  let isClosed = socket.destroyed || socket.readableEnded;
  let hinted = false;
  let wake = (): void => undefined;
  const end = (): void => {
    isClosed = true;
    wake();
  };
  socket.on('data', () => {
    hinted = true;
    wake();
  });
  socket.on('end', end).on('close', end);
  return {
    since,
    get isClosed() {
      return isClosed;
    },
    send: (order) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(closedLink());
        socket.write(order, (error) => (error ? reject(closedLink(error)) : resolve()));
      }),
    async hint(timeoutMs) {
      if (!hinted && !isClosed) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, timeoutMs);
        wake = resolve;
        await promise;
        clearTimeout(timer);
      }
      hinted = false;
    },
    close: () => void socket.destroy(),
  };
}

function closedLink(cause?: unknown): SessionError {
  return new SessionError('sandbox_failed', 'The link to the sandbox is closed', { cause });
}
