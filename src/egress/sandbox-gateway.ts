import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../ops/log.ts';
import { decide, type Resolve, type Rules } from './decide.ts';
import type { Dial } from './dial.ts';
import { forward } from './forward.ts';
import { closeWhenIdle } from './idle.ts';
import type { Proxy } from './proxy.ts';
import type { RequestHandler } from './request-handler.ts';
import { parseTarget, readRequestTarget, type Target } from './target.ts';
import { acceptTunnel, refuseTunnel, tunnel } from './tunnel.ts';

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
  handlers?: RequestHandler[];
  resolve: Resolve;
  dial: Dial;
  log: Logger;
}

/** The way out of one sandbox: an HTTP proxy on a socket that only this sandbox has. The socket is the identity. */
export interface SandboxGateway {
  /** Decides new connections by these, and has these answer requests from now on. */
  setRules(rules: Rules, handlers?: RequestHandler[]): void;
  /** Cuts every connection and takes the socket away. */
  close(): Promise<void>;
}

/** Listens at the socket's path, replacing what an earlier process left there. Rejects when it cannot. */
export async function openSandboxGateway(options: SandboxGatewayOptions): Promise<SandboxGateway> {
  const { socket, resolve, dial } = options;
  const log = options.log.child({ sessionId: options.sessionId });
  let { rules, handlers = [] } = options;
  /** Where requests go that come through a tunnel, by its connection. */
  const tunnelled = new WeakMap<Socket, Target>();
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
  const handlerOf = (target: Target | null): RequestHandler | undefined => handlers.find((one) => one.serves(target));

  const connect = async (req: IncomingMessage, head: Buffer): Promise<void> => {
    const target = parseTarget(req.url ?? '');
    if (target === null || tunnelled.has(req.socket) || handlerOf(target) === undefined) {
      return tunnel(req, head, proxy);
    }
    tunnelled.set(req.socket, target);
    acceptTunnel(req.socket, head);
    server.emit('connection', req.socket);
  };
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const asked = readRequestTarget(req.url ?? '', tunnelled.get(req.socket) ?? null);
    const handler = asked === null ? undefined : handlerOf(asked.target);
    if (asked === null || handler === undefined) return forward(req, res, proxy);
    return handler.handle({ req, res, ...asked });
  };
  server.on('connect', (req, _client, head) => void connect(req, head).catch(cut(req.socket)));
  server.on('request', (req, res) => void serve(req, res).catch(cut(req.socket)));

  await rm(socket, { force: true });
  // Inside the sandbox its user is not this process'; the directory around the socket keeps everybody else out.
  server.listen({ path: socket, readableAll: true, writableAll: true });
  await once(server, 'listening');
  return {
    setRules: (wanted, wantedHandlers = []) => {
      rules = wanted;
      handlers = wantedHandlers;
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
