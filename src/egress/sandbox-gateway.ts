import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../ops/log.ts';
import { decide, type Resolve, type Rules } from './decide.ts';
import type { Dial } from './dial.ts';
import { forward } from './forward.ts';
import { closeWhenIdle } from './idle.ts';
import type { Proxy } from './proxy.ts';
import { refuseTunnel, tunnel } from './tunnel.ts';

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  /** How often Node looks for headers that take too long. */
  connectionsCheckingInterval: 1_000,
  /** A push may take as long as it moves; idleness is bounded by the connection. */
  requestTimeout: 0,
};
const MAX_CONNECTIONS = 512;

export interface SandboxGatewayOptions {
  socket: string;
  sessionId: string;
  rules: Rules;
  resolve: Resolve;
  dial: Dial;
  log: Logger;
}

/** The way out of one sandbox: an HTTP proxy on a socket that only this sandbox has. The socket is the identity. */
export interface SandboxGateway {
  /** Decides new connections by these. */
  setRules(rules: Rules): void;
  /** Cuts every connection and takes the socket away. */
  close(): Promise<void>;
}

/** Listens at the socket's path, replacing what an earlier process left there. Rejects when it cannot. */
export async function openSandboxGateway(options: SandboxGatewayOptions): Promise<SandboxGateway> {
  const { socket, resolve, dial } = options;
  const log = options.log.child({ sessionId: options.sessionId });
  let { rules } = options;
  const proxy: Proxy = {
    dial,
    log,
    async judge(target) {
      const decision = await decide(target, rules, resolve);
      const { allowed, ...why } = decision;
      log.info({ ...target, verdict: allowed ? 'allowed' : 'refused', ...why }, 'decided on a connection');
      return decision;
    },
  };
  const clients = new Set<Socket>();
  const server = createServer(LIMITS);
  server.maxConnections = MAX_CONNECTIONS;
  // A connection has one way on at most: pipelined requests would open any number of them.
  server.maxRequestsPerSocket = 1;

  server.on('connection', (client) => {
    clients.add(client);
    closeWhenIdle(client);
    client.on('error', () => client.destroy());
    client.once('close', () => clients.delete(client));
  });
  const cut = (client: Socket) => (error: unknown) => {
    log.error({ err: error }, 'a connection failed in a way that nobody foresaw; it is cut');
    client.destroy();
  };
  server.on('clientError', (_error, client) => {
    refuseTunnel(
      client as Socket,
      '400 Bad Request',
      'this is no HTTP request, or one with too long or too slow headers',
    );
  });
  server.on('connect', (req, _client, head) => void tunnel(req, head, proxy).catch(cut(req.socket)));
  server.on('request', (req, res) => void forward(req, res, proxy).catch(cut(req.socket)));

  await rm(socket, { force: true });
  // Inside the sandbox its user is not this process'; the directory around the socket keeps everybody else out.
  server.listen({ path: socket, readableAll: true, writableAll: true });
  await once(server, 'listening');
  return {
    setRules: (wanted) => {
      rules = wanted;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.destroy();
      await closed;
      await rm(socket, { force: true });
    },
  };
}
