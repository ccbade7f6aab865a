import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Express } from 'express';
import type { ListenAddress } from '../config.ts';
import { BOUNDED_BODIES } from '../http/bounded-bodies.ts';
import type { ApiBounds } from './bounds.ts';

/** Longer than load balancers keep theirs (60 s), so that none sends a request into a connection that just closes. */
const KEEP_ALIVE_MS = 75_000;
/** How often the clients' time is looked at: Node's own 30 s would give each of them so much more. */
const LOOK_AT_TIME_EVERY_MS = 1_000;

export interface ListeningApi {
  /** Such as `http://127.0.0.1:7070`. */
  url: string;
  /** Resolves when no connection is left. Answers that go on must be ended by their own signal. */
  close(): Promise<void>;
}

/** Throws when the address is taken, naming the setting that changes it. */
export async function listenApi(app: Express, address: ListenAddress, bounds: ApiBounds): Promise<ListeningApi> {
  const server = createServer(
    {
      ...BOUNDED_BODIES,
      headersTimeout: bounds.headersTimeoutMs,
      requestTimeout: bounds.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LOOK_AT_TIME_EVERY_MS,
    },
    app,
  );
  server.maxConnections = bounds.connections;
  server.timeout = bounds.stillMs;
  // Node drops headers beyond a number in silence, whichever they are; here they are counted, and refused.
  server.maxHeadersCount = 0;
  server.listen(address.port, address.host);
  await once(server, 'listening').catch((error: unknown) => {
    throw new Error(`Cannot listen on ${address.host}:${address.port}; set DAYPASS_API_LISTEN to a free address`, {
      cause: error,
    });
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${address.host}:${port}`, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  await closed;
}
