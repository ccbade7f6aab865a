import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface StallingProxy extends AsyncDisposable {
  /** The same URL, but through the proxy. */
  through(url: string): string;
  /** Resolves when a download has reached the limit and stands still. */
  readonly stalled: Promise<void>;
  /** Reads on, whatever there still is. */
  resume(): void;
}

/** Passes on at most `limitBytes` of a connection's download, then reads no more until it is told to: a slow client. */
export async function openStallingProxy(target: string, limitBytes: number): Promise<StallingProxy> {
  const { hostname, port } = new URL(target);
  let limit = limitBytes;
  const sockets = new Set<Socket>();
  const stalled = Promise.withResolvers<void>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let passed = 0;
    upstream.on('data', (chunk: Buffer) => {
      client.write(chunk);
      passed += chunk.length;
      if (passed < limit) return;
      upstream.pause();
      stalled.resolve();
    });
    client.pipe(upstream);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // What was read from the one may still be on its way to the other.
      socket.on('error', () => {}).on('close', () => other.destroySoon());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    through: (url) => Object.assign(new URL(url), { port: String(address.port) }).href,
    stalled: stalled.promise,
    resume() {
      limit = Number.POSITIVE_INFINITY;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
