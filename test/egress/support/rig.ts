import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { NetworkDecision } from '../../../src/egress/decisions/decision.ts';
import { readDecisions } from '../../../src/egress/decisions/decision-reader.ts';
import type { Resolve } from '../../../src/egress/decide.ts';
import { dial, type Dial } from '../../../src/egress/dial.ts';
import { startGateway, type GatewayOptions } from '../../../src/egress/gateway.ts';
import { gatewayDir, sandboxDecisionsDir } from '../../../src/egress/layout.ts';
import { DEFAULT_LIMITS, type GatewayLimits } from '../../../src/egress/limits/limits.ts';
import type { NewPolicy } from '../../../src/egress/policy.ts';
import { gatewayReady, openGateway } from '../../../src/egress/policy-files.ts';
import { untilOver } from '../../support/until-over.ts';

const READY_MS = 20_000;

/** A server on loopback, gone with its connections at the end of the test. */
export async function serve<S extends Server>(server: S): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

export const rawServer = (onClient: (socket: Socket) => void): Promise<number> =>
  serve(createServer({ allowHalfOpen: true }, onClient));

export interface LogLine {
  level: number;
  msg: string;
  [field: string]: unknown;
}

export interface GatewayRig {
  runDir: string;
  repoPort: number;
  log: LogLine[];
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Tells the gateway of a sandbox and resolves with its socket once it is there. */
  sandbox(id: string, allow?: string[]): Promise<string>;
  /** Everything that was decided for a sandbox. */
  decisions(id: string): Promise<NetworkDecision[]>;
}

export interface RigOptions {
  repoPort: number;
  resolve?: Resolve;
  dial?: Dial;
  handlersFor?: GatewayOptions['handlersFor'];
  limits?: Partial<GatewayLimits>;
  deniedAddresses?: string[];
  ownAddresses?: () => string[];
  rescanMs?: number;
}

/** Makes a sandbox's directory, unless a warden has made it, and puts its policy in place; gives the directory. */
export async function placePolicy(runDir: string, policy: NewPolicy): Promise<string> {
  await mkdir(gatewayDir(runDir, policy.sandboxId), { recursive: true });
  return (await openGateway({ runDir, policy })).dir;
}

/** A gateway with a run directory of its own. */
export async function gatewayRig(options: RigOptions): Promise<GatewayRig> {
  const runDir = await mkdtemp(join(tmpdir(), 'daypass-egress-'));
  const log: LogLine[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => log.push(JSON.parse(line) as LogLine) });
  let running: { close(): Promise<void> } | null = null;
  const stop = async (): Promise<void> => {
    await running?.close();
    running = null;
  };
  onTestFinished(async () => {
    await stop();
    await rm(runDir, { recursive: true, force: true });
  });
  return {
    runDir,
    repoPort: options.repoPort,
    log,
    stop,
    async start() {
      running = await startGateway({
        runDir,
        repoOrigin: `http://127.0.0.1:${options.repoPort}`,
        log: logger,
        resolve: options.resolve ?? (() => Promise.reject(new Error('this test has no DNS'))),
        dial: options.dial ?? dial,
        ...(options.handlersFor && { handlersFor: options.handlersFor }),
        limits: { ...DEFAULT_LIMITS, ...options.limits },
        deniedAddresses: options.deniedAddresses ?? [],
        ...(options.ownAddresses && { ownAddresses: options.ownAddresses }),
        ...(options.rescanMs !== undefined && { rescanMs: options.rescanMs }),
      });
    },
    async sandbox(id, allow = []) {
      const dir = await placePolicy(runDir, { sandboxId: id, sessionId: `ses_of_${id}`, allow });
      await gatewayReady(dir, READY_MS);
      return join(dir, 'gateway.sock');
    },
    async decisions(id) {
      const { lines } = await readDecisions(sandboxDecisionsDir(runDir, id));
      return lines.filter((line) => 'verdict' in line);
    },
  };
}

/** A client's connection to a sandbox's socket, closed at the end of the test. */
export async function connectTo(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on('error', () => socket.destroy());
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Sends the text and resolves with everything that comes until the other side ends. */
export async function exchange(path: string, text: string): Promise<string> {
  const socket = await connectTo(path);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(text);
  await untilOver(socket);
  socket.destroy();
  return Buffer.concat(chunks).toString();
}

/** A tunnel to the target, past its `200`. */
export async function tunnelTo(path: string, target: string): Promise<Socket> {
  const socket = await connectTo(path);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const over = untilOver(socket);
  let head = '';
  while (!head.endsWith('\r\n\r\n')) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) head += byte.toString('latin1');
    else if (socket.destroyed || socket.readableEnded) throw new Error(`Cut after: ${head}`);
    else await Promise.race([new Promise((resolve) => socket.once('readable', resolve)), over]);
  }
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`No tunnel: ${head}`);
  return socket;
}
