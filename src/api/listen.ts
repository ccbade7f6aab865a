import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Express } from 'express';
import type { ListenAddress } from '../config.ts';

/** How long a client may take to send its headers, and its whole request. Answers may take as long as they like. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;

export interface ListeningApi {
  /** Such as `http://127.0.0.1:7070`. */
  url: string;
  /** Resolves when no connection is left. Answers that go on must be ended by their own signal. */
  close(): Promise<void>;
}

/** Throws when the address is taken, naming the setting that changes it. */
export async function listenApi(app: Express, address: ListenAddress): Promise<ListeningApi> {
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    app,
  );
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
