import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { BOUNDED_BODIES } from '../http/bounded-bodies.ts';
import type { Logger } from '../ops/log.ts';
import type { Names, Rules } from './decide.ts';
import { openDecisionLog } from './decisions/decision-log.ts';
import type { Dial } from './dial.ts';
import { forward, forwardTunnelled, refuse } from './forward.ts';
import { createGatekeeper } from './gatekeeper.ts';
import { closeWhenIdle, whenClosed } from './idle.ts';
import { createArrivals } from './limits/arrivals.ts';
import type { GatewayLimits } from './limits/limits.ts';
import { keepTotals } from './limits/totals-file.ts';
import type { Direction } from './limits/traffic.ts';
import type { Proxy } from './proxy.ts';
import type { RequestHandler } from './request-handler.ts';
import { parseTarget, readRequestTarget, type Target } from './target.ts';
import { acceptTunnel, refuseTunnel, tunnel, type HttpTunnel } from './tunnel.ts';

const HTTP_LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  /** How often Node looks for headers that take too long. */
  connectionsCheckingInterval: 1_000,
  /** Without one a request is judged here, and its refusal is written down. */
  requireHostHeader: false,
  /** A push may take as long as it moves; idleness is bounded by the connection. */
  requestTimeout: 0,
};
/** So many above the limit are told so; those beyond are closed without a word. */
const TOLD_CONNECTIONS = 32;

export interface SandboxGatewayOptions {
  socket: string;
  /** Where its decisions are written down, and what it has moved. */
  decisionsDir: string;
  sessionId: string;
  rules: Rules;
  handlers?: RequestHandler[];
  limits: GatewayLimits;
  names: Names;
  dial: Dial;
  log: Logger;
}

/** The way out of one sandbox: an HTTP proxy on a socket that only this sandbox has. The socket is the identity. */
export interface SandboxGateway {
  /** Decides by these from now on, cuts what they do not allow, and has these handlers answer. */
  setRules(rules: Rules, handlers?: RequestHandler[]): void;
  /** Cuts every connection and takes the socket away. With a reason, each way that was open is a decision that gives it. */
  close(reason?: string): Promise<void>;
}

/** Where a request comes from that came through a tunnel: one to a handler here, or one on its way. */
type Tunnelled = { target: Target; onward: HttpTunnel | null };

/** Listens at the socket's path, replacing what an earlier process left there. Rejects when it cannot. */
export async function openSandboxGateway(options: SandboxGatewayOptions): Promise<SandboxGateway> {
  const { socket, limits, names, dial, decisionsDir } = options;
  const log = options.log.child({ sessionId: options.sessionId });
  let { handlers = [] } = options;
  await using releases = new AsyncDisposableStack();
  const decisions = await openDecisionLog(decisionsDir, log);
  releases.defer(() => decisions.close());
  const totals = await keepTotals(decisionsDir, limits, log);
  releases.defer(() => totals.close());
  const gatekeeper = createGatekeeper({
    rules: options.rules,
    names,
    traffic: totals.traffic,
    write: (decision) => decisions.write(decision),
  });
  // Handlers speak with the repo host alone, whose bytes are not summed up.
  const meterOf = (direction: Direction) => (bytes: number) =>
    totals.traffic.pass(direction, bytes, { isRepoHost: true }, performance.now());
  const meters = { sent: meterOf('sent'), received: meterOf('received') };
  const proxy: Proxy = { admit: gatekeeper.admit, refuse: gatekeeper.refuse, dial, log };
  const arrivals = createArrivals({ perSecond: limits.connectionsPerSecond });
  const clients = new Set<Socket>();
  const tunnelled = new WeakMap<Socket, Tunnelled>();
  const server = createServer({ ...BOUNDED_BODIES, ...HTTP_LIMITS });
  server.maxConnections = limits.connections + TOLD_CONNECTIONS;
  // A connection has one way on at most: pipelined requests would open any number of them.
  server.maxRequestsPerSocket = 1;

  server.on('connection', (client) => {
    if (clients.has(client)) return;
    clients.add(client);
    closeWhenIdle(client);
    client.on('error', () => client.destroy());
    client.once('close', () => clients.delete(client));
  });
  server.on('drop', () => void proxy.refuse(null, tooMany(limits)));
  const cut = (client: Socket) => (error: unknown) => {
    log.error({ err: error }, 'a connection failed in a way that nobody foresaw; it is cut');
    client.destroy();
  };
  server.on('clientError', (error, client) => {
    const reason = 'this is no HTTP request, or one with too long or too slow headers';
    // One that hung up, or said nothing at all, asked for nothing.
    const asked = (error as NodeJS.ErrnoException).code !== 'ECONNRESET';
    if (asked) void proxy.refuse(tunnelled.get(client as Socket)?.target ?? null, reason);
    refuseTunnel(client as Socket, '400 Bad Request', reason);
  });

  /** Holds back what comes too fast. Why the client may not go on; null when it may. A client that hung up is closed. */
  const arrive = async (client: Socket): Promise<string | null> => {
    if (clients.size > limits.connections) return tooMany(limits);
    const arrival = await arrivals.arrive(client);
    return arrival === 'refused'
      ? `this session opens more than ${limits.connectionsPerSecond} connections a second`
      : null;
  };
  const handlerOf = (target: Target | null): RequestHandler | undefined => handlers.find((one) => one.serves(target));

  /** From here on the connection is read as HTTP again. */
  const readOn = (client: Socket, from: Tunnelled): void => {
    tunnelled.set(client, from);
    server.emit('connection', client);
    client.resume();
  };
  const connect = async ({ socket: client, url }: IncomingMessage, head: Buffer): Promise<void> => {
    // At once: behind the end of what a client sends, nothing can be put back.
    if (head.length > 0) client.unshift(head);
    const target = parseTarget(url ?? '');
    if (target === null || tunnelled.has(client)) {
      const reason = target === null ? 'CONNECT wants HOST:PORT' : 'there is no tunnel within a tunnel';
      await proxy.refuse(null, reason);
      return refuseTunnel(client, '400 Bad Request', reason);
    }
    const problem = await arrive(client);
    if (client.destroyed) return;
    if (problem !== null) {
      await proxy.refuse(target, problem);
      return refuseTunnel(client, '429 Too Many Requests', problem);
    }
    if (handlerOf(target) !== undefined) {
      acceptTunnel(client);
      return readOn(client, { target, onward: null });
    }
    const onward = await tunnel(client, target, proxy);
    if (onward === null) return;
    whenClosed(client, () => onward.upstream.destroy());
    readOn(client, { target, onward });
  };
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const from = tunnelled.get(req.socket);
    const problem = from === undefined ? await arrive(req.socket) : null;
    if (req.socket.destroyed) return;
    if (problem !== null) {
      await proxy.refuse(null, problem);
      return refuse(res, 429, problem);
    }
    if (from !== undefined && from.onward !== null) return forwardTunnelled(req, res, from.onward, proxy);
    const asked = readRequestTarget(req.url ?? '', from?.target ?? null);
    const handler = asked === null ? undefined : handlerOf(asked.target);
    if (asked === null || handler === undefined) return forward(req, res, proxy);
    return handler.handle({ req, res, ...asked, meters, record: gatekeeper.record });
  };
  server.on('checkExpectation', (req, res) => {
    const reason = 'Expect may be "100-continue" and nothing else';
    void proxy.refuse(tunnelled.get(req.socket)?.target ?? null, reason);
    refuse(res, 417, reason);
  });
  server.on('connect', (req, _client, head) => void connect(req, head).catch(cut(req.socket)));
  server.on('request', (req, res) => void serve(req, res).catch(cut(req.socket)));

  await rm(socket, { force: true });
  // Inside the sandbox its user is not this process'; the directory around the socket keeps everybody else out.
  server.listen({ path: socket, readableAll: true, writableAll: true });
  await once(server, 'listening');
  const kept = releases.move();
  return {
    setRules(wanted, wantedHandlers = []) {
      handlers = wantedHandlers;
      gatekeeper.setRules(wanted);
    },
    async close(reason) {
      if (reason !== undefined) gatekeeper.cutAll(reason);
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.destroy();
      await closed;
      await rm(socket, { force: true });
      await kept.disposeAsync();
    },
  };
}

function tooMany({ connections }: GatewayLimits): string {
  return `this session has more than ${connections} connections open`;
}
