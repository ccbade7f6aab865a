import { connect, type Socket } from 'node:net';
import { describe } from '../errors.ts';

/** For all addresses together. */
const CONNECT_TIMEOUT_MS = 10_000;

/** A name with more addresses than this does not get more tries. */
const MAX_ADDRESSES = 8;

/** Connects to one of exactly these addresses. Rejects when none can be reached. */
export type Dial = (addresses: string[], port: number) => Promise<Socket>;

/** Tries the addresses in turn, each with its part of 10 s. */
export const dial: Dial = async (addresses, port) => {
  const failures: unknown[] = [];
  const tried = addresses.slice(0, MAX_ADDRESSES);
  for (const address of tried) {
    try {
      return await dialOne(address, port, CONNECT_TIMEOUT_MS / tried.length);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `no connection: ${failures.map(describe).join('; ')}`);
};

async function dialOne(address: string, port: number, timeoutMs: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => socket.destroy(new Error(`${address} did not answer in time`)), timeoutMs);
  socket.once('connect', () => resolve(socket));
  socket.once('error', reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
