import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What every answer of the canary holds: a sandbox that prints it has reached what it must not. */
export const CANARY_SONG = 'a-canary-of-the-host-sings';

/** A server of the host that no sandbox may reach. It listens on every address that the host has. */
export interface Canary extends AsyncDisposable {
  readonly port: number;
  /** The host's IPv4 addresses, loopback and Docker's bridge among them. */
  readonly addresses: string[];
  /** The requests that it saw: `METHOD HOST PATH`. */
  seen(): string[];
  /** The connections that it had, whatever came through them. */
  connections(): number;
}

export async function startCanary(): Promise<Canary> {
  const seen: string[] = [];
  const server = createServer((req, res) => {
    seen.push(`${req.method} ${req.headers.host} ${req.url}`);
    res.end(`${CANARY_SONG}\n`);
  });
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);
  return {
    port: (server.address() as AddressInfo).port,
    addresses,
    seen: () => seen,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
