import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '../ops/log.ts';
import { decide, type Decision, type Resolve, type Rules } from './decide.ts';
import { dial } from './dial.ts';
import { endToEndHeaders } from './headers.ts';
import { splice } from './splice.ts';
import { formatTarget, parseTarget, type Target } from './target.ts';

const HEADER_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 512;
const MAX_HEADER_BYTES = 16 * 1024;
/** A connection on which nothing moves for so long is given up; git may think for minutes. */
const IDLE_TIMEOUT_MS = 15 * 60_000;

export interface SandboxGatewayOptions {
  socket: string;
  sessionId: string;
  rules: Rules;
  resolve: Resolve;
  log: Logger;
}

/** The way out of one sandbox: an HTTP proxy on a socket that only this sandbox has. The socket is the identity. */
export interface SandboxGateway {
  /** Decides new connections by these. */
  setRules(rules: Rules): void;
  /** Cuts every connection and takes the socket away. */
  close(): Promise<void>;
}

export async function openSandboxGateway(options: SandboxGatewayOptions): Promise<SandboxGateway> {
  const { socket, sessionId, resolve } = options;
  const log = options.log.child({ sessionId });
  let { rules } = options;
  const open = new Set<Duplex>();
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADER_TIMEOUT_MS, requestTimeout: 0 });
  server.maxConnections = MAX_CONNECTIONS;

  const judge = async (target: Target): Promise<Decision> => {
    const decision = await decide(target, rules, resolve);
    log.info({ host: target.host, port: target.port, ...decision }, decision.allowed ? 'let out' : 'refused');
    return decision;
  };

  server.on('connection', (client) => {
    open.add(client);
    client.setTimeout(IDLE_TIMEOUT_MS, () => client.destroy());
    client.on('error', () => client.destroy());
    client.once('close', () => open.delete(client));
  });
  server.on('clientError', (_error, client) => answer(client, '400 Bad Request', 'This is no HTTP request'));
  server.on('connect', (req, client, head) => void tunnel(req, client, head, judge, log));
  server.on('request', (req, res) => void forward(req, res, judge, log));

  await rm(socket, { force: true });
  await listen(server, socket);
  return {
    setRules: (wanted) => {
      rules = wanted;
    },
    async close() {
      server.close();
      for (const connection of open) connection.destroy();
      await rm(socket, { force: true });
    },
  };
}

type Judge = (target: Target) => Promise<Decision>;

/** CONNECT: a tunnel to the target, for TLS and for git. */
async function tunnel(req: IncomingMessage, client: Duplex, head: Buffer, judge: Judge, log: Logger): Promise<void> {
  const target = parseTarget(req.url ?? '');
  if (target === null) return answer(client, '400 Bad Request', 'CONNECT wants HOST:PORT');
  const decision = await judge(target);
  if (!decision.allowed) return answer(client, '403 Forbidden', decision.reason);
  try {
    const upstream = await dial(decision.address, decision.port);
    if (client.destroyed) return void upstream.destroy();
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) upstream.write(head);
    await splice(client, upstream);
  } catch (error) {
    log.warn({ err: error, target: formatTarget(target) }, 'could not connect');
    answer(client, '502 Bad Gateway', `${formatTarget(target)} does not answer`);
  }
}

/** `GET http://host/path`: how clients ask a proxy for plain HTTP. */
async function forward(req: IncomingMessage, res: ServerResponse, judge: Judge, log: Logger): Promise<void> {
  const url = URL.parse(req.url ?? '');
  const target = url?.protocol === 'http:' ? parseTarget(`${url.hostname}:${url.port || '80'}`) : null;
  if (url === null || target === null) return refuse(res, 400, 'A proxy wants a whole http:// address, or CONNECT');
  const decision = await judge(target);
  if (!decision.allowed) return refuse(res, 403, decision.reason);
  const upstream = request({
    host: decision.address,
    port: decision.port,
    method: req.method,
    path: `${url.pathname}${url.search}`,
    headers: { ...endToEndHeaders(req.headers), host: url.host },
    setHost: false,
    agent: false,
  });
  upstream.on('response', (reply) => {
    res.writeHead(reply.statusCode ?? 502, endToEndHeaders(reply.headers));
    reply.pipe(res);
    reply.on('error', () => res.destroy());
  });
  upstream.on('error', (error) => {
    log.warn({ err: error, target: formatTarget(target) }, 'could not forward');
    if (res.headersSent) res.destroy();
    else refuse(res, 502, `${formatTarget(target)} does not answer`);
  });
  res.on('close', () => upstream.destroy());
  req.pipe(upstream);
}

function refuse(res: ServerResponse, status: number, reason: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`Daypass: ${reason}\n`);
}

function answer(client: Duplex, status: string, reason: string): void {
  const body = `Daypass: ${reason}\n`;
  const headers = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  if (client.writable) client.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  else client.destroy();
}

async function listen(server: Server, socket: string): Promise<void> {
  server.listen(socket);
  await once(server, 'listening');
  // Inside the sandbox its user is not this process'; the directory around it keeps everybody else out.
  await chmod(socket, 0o666);
}
