import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { HELLO_BYTES, ORDERS_SOCKET, REPORTS_FILE } from '../../src/runtime/init-protocol.ts';
import { order } from '../../src/runtime/orders.ts';
import { decodeReports, strings, type Report } from '../../src/runtime/reports.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { ensureSandboxImage, SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { extractTools } from '../../src/warden/images/extract-tools.ts';
import { eventually } from './eventually.ts';

const AGENT_UID = 1000;
/** What init does takes a few ms. */
const SOON = { timeoutMs: 20_000, everyMs: 5 };
const READ_BYTES = 1024 * 1024;

/**
 * The tools that ship, in a directory of the test's own that an agent's user may read; or those in DAYPASS_TEST_TOOLS, such
 * as an init that was built with sanitizers.
 */
export async function shippedTools(): Promise<{ directory: string } & AsyncDisposable> {
  const given = process.env['DAYPASS_TEST_TOOLS'];
  if (given !== undefined) return { directory: given, [Symbol.asyncDispose]: () => Promise.resolve() };
  const toDir = await mkdtemp(join(tmpdir(), 'daypass-init-'));
  await chmod(toDir, 0o755);
  const docker = connectDocker(process.env['DOCKER_HOST']);
  await ensureSandboxImage({ docker, onProgress: () => {} });
  return {
    directory: await extractTools({ docker, image: SANDBOX_IMAGE, toDir }),
    [Symbol.asyncDispose]: () => rm(toDir, { recursive: true, force: true }),
  };
}

/** A directory for init, on a tmpfs as in production, that is gone at the end of the test. */
export async function initDirectory(): Promise<string> {
  const directory = await mkdtemp('/dev/shm/daypass-init-');
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o777);
  return directory;
}

interface InitOptions {
  gatewayPath?: string;
  /** Where it finds what the kernel says of its control group. */
  cgroupDir?: string;
  env?: Record<string, string>;
}

/**
 * Init as PID 1 of a process namespace of its own, as in a sandbox: without capabilities and, where the test is root,
 * as the agent's user. Its `kill(-1)` reaches nothing outside. At the end of the test the whole namespace is killed.
 */
export function runInit(toolsDir: string, directory: string, options: InitOptions = {}): InitClient {
  const isRoot = process.getuid?.() === 0;
  const init = [join(toolsDir, 'bin/init'), options.gatewayPath ?? '/nowhere/gateway.sock', directory];
  if (options.cgroupDir !== undefined) init.push(options.cgroupDir);
  const namespace = ['--pid', '--fork', '--mount-proc'];
  const child = spawn(
    'unshare',
    [
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      ...namespace,
      'setpriv',
      ...agentUser(),
      '--inh-caps=-all',
      '--bounding-set=-all',
      '--no-new-privs',
      ...init,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/', env: options.env ?? { PATH: '/usr/bin:/bin' } },
  );
  const client = new InitClient(child, directory);
  // Also when the test fails or runs out of time.
  onTestFinished(() => client.end());
  return client;
}

/** {@link runInit} in a directory of its own, up, shut off from its user as a worker does it, and with a worker. */
export async function startInit(toolsDir: string, options: InitOptions = {}): Promise<InitClient> {
  const client = runInit(toolsDir, await initDirectory(), options);
  await client.report('R');
  await chmod(client.directory, 0o700);
  await client.connect();
  return client;
}

/** A worker's connection to an init. */
class WorkerConnection {
  /** The position that init said everything under this connection is reported behind. */
  readonly hello: Promise<number>;
  /** Resolves when init has closed it. */
  readonly closed: Promise<void>;
  /** Bytes that came after the hello. */
  hints = 0;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    const hello = Promise.withResolvers<number>();
    let head = Buffer.alloc(0);
    this.#socket = socket;
    this.hello = hello.promise;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    // Init may be gone with orders unread.
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const missing = HELLO_BYTES - head.length;
      head = Buffer.concat([head, chunk.subarray(0, missing)]);
      if (missing > 0 && head.length === HELLO_BYTES) hello.resolve(Number(head.readBigUInt64BE()));
      this.hints += Math.max(0, chunk.length - missing);
    });
  }

  send(...orders: Uint8Array[]): void {
    for (const bytes of orders) this.#socket.write(bytes);
  }

  /** Init still gets what was sent. */
  close(): void {
    this.#socket.end();
  }
}

/** One init: sends it orders and gathers what it reports. */
export class InitClient {
  readonly reports: Report[] = [];
  /** Resolves when init is gone and all that it reported is gathered. */
  readonly exitCode: Promise<number | null>;
  readonly directory: string;
  stderr = '';
  readonly #child: ChildProcess;
  #hasExited = false;
  #worker: WorkerConnection | null = null;

  constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.directory = directory;
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    const closed = once(child, 'close').then(([code]) => {
      this.#hasExited = true;
      return code as number | null;
    });
    const gathered = this.#gather();
    this.exitCode = Promise.all([closed, gathered]).then(([code]) => code);
  }

  get reportsPath(): string {
    return join(this.directory, REPORTS_FILE);
  }

  async #gather(): Promise<void> {
    for await (const report of decodeReports(this.#follow())) this.reports.push(report);
  }

  async *#follow(): AsyncGenerator<Uint8Array> {
    for (let position = 0; ;) {
      const wasLast = this.#hasExited;
      const bytes = await readFrom(this.reportsPath, position);
      position += bytes.length;
      if (bytes.length > 0) yield bytes;
      else if (wasLast) return;
      else await sleep(SOON.everyMs);
    }
  }

  /** A new worker, which takes over from the one before; `send` goes through it from now on. */
  async connect(): Promise<WorkerConnection> {
    const socket = connect(join(this.directory, ORDERS_SOCKET));
    await once(socket, 'connect');
    onTestFinished(() => void socket.destroy());
    this.#worker = new WorkerConnection(socket);
    return this.#worker;
  }

  get worker(): WorkerConnection {
    if (this.#worker === null) throw new Error('No worker has connected');
    return this.#worker;
  }

  send(...orders: Uint8Array[]): void {
    this.worker.send(...orders);
  }

  /** Starts the agent's command in a shell. */
  runAgent(script: string, env: Record<string, string> = {}): void {
    this.send(order.env(env), order.agent('/', ['sh', '-c', script]));
  }

  /** The strings of the first report of this kind, once it is there. */
  async report(kind: string): Promise<string[]> {
    const [first] = await eventually(
      () => this.reports.filter((report) => report.kind === kind),
      (found) => found.length > 0,
      SOON,
    );
    return first === undefined ? [] : strings(first);
  }

  /** The kinds of all reports so far. */
  kinds(): string {
    return this.reports.map((report) => report.kind).join('');
  }

  /** All payloads of this kind so far, joined. */
  output(kind: string): Buffer {
    return Buffer.concat(this.reports.filter((report) => report.kind === kind).map((report) => report.payload));
  }

  async outputHas(kind: string, text: string): Promise<void> {
    await eventually(
      () => this.output(kind).toString(),
      (output) => output.includes(text),
      SOON,
    );
  }

  /** Init's process id outside of its namespace. */
  async pid(): Promise<number> {
    const [pid] = await eventually(
      () => childrenOf(this.#child.pid ?? 0),
      (children) => children.length > 0,
      SOON,
    );
    return pid ?? 0;
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.pid(), signal);
  }

  /** Lets writing to the file of reports fail beyond this size, as if the file system were full. */
  async limitFile(bytes: number | 'unlimited'): Promise<void> {
    const limit = ['prlimit', '--pid', String(await this.pid()), `--fsize=${bytes}:unlimited`];
    await promisify(execFile)('setpriv', [...agentUser(), ...limit]);
  }

  /** Kills PID 1 of the namespace, with which the kernel ends everything in it. */
  async end(): Promise<void> {
    await eventually(() => this.#hasExited || this.#kill(), Boolean, SOON);
    await this.exitCode;
    // One of init's helpers may have broken, and another taken its place.
    if (/Sanitizer|runtime error:/.test(this.stderr)) throw new Error(this.stderr);
  }

  /** False, until it has shown: it may not be there yet, or just be going. */
  async #kill(): Promise<false> {
    const pids = await childrenOf(this.#child.pid ?? 0).catch(() => []);
    try {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as { code?: string }).code !== 'ESRCH') throw error;
    }
    return false;
  }
}

/** What makes `setpriv` change to the agent's user, where the test may. */
function agentUser(): string[] {
  return process.getuid?.() === 0 ? [`--reuid=${AGENT_UID}`, `--regid=${AGENT_UID}`, '--clear-groups'] : [];
}

/** What a file holds at this position, up to a MiB; nothing when there is no file. */
async function readFrom(path: string, position: number): Promise<Uint8Array> {
  let file;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return new Uint8Array();
    throw error;
  }
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Ids of the processes whose parent is this one, zombies included. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}
