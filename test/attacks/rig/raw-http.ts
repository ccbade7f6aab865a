import { connect, type Socket } from 'node:net';

/** Sends bytes as they are to a port of this machine, and gives all that comes back until the end or `timeoutMs`. */
export async function rawHttp(url: string, request: string | Buffer, timeoutMs = 3_000): Promise<string> {
  const socket = open(url);
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.once('close', resolve);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.write(request);
  await promise;
  clearTimeout(timer);
  return Buffer.concat(chunks).toString('latin1');
}

/** Connections that have said this much and say no more. */
export function silentConnections(url: string, count: number, said: string): Disposable {
  const sockets = Array.from({ length: count }, () => {
    const socket = open(url);
    socket.write(said);
    return socket;
  });
  return {
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  // What the server does to the connection is its answer, and no failure of the test.
  socket.on('error', () => socket.destroy());
  return socket;
}
