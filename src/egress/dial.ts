import { connect, type Socket } from 'node:net';

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection to exactly this address. Rejects when it is not there within 10 s. */
export async function dial(address: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => socket.destroy(new Error('no connection within 10 s')), CONNECT_TIMEOUT_MS);
  socket.once('connect', () => resolve(socket));
  socket.once('error', reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
