import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { order } from '../../src/runtime/orders.ts';
import { decodeReports, strings, type Report } from '../../src/runtime/reports.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { ensureSandboxImage, SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { extractTools } from '../../src/images/extract-tools.ts';
import { eventually } from './eventually.ts';

const AGENT_UID = 1000;
/** What init does takes a few ms. */
const SOON = { timeoutMs: 10_000, everyMs: 5 };

/** The tools that ship, in a directory of the test's own that an agent's user may read. */
export async function shippedTools(): Promise<{ directory: string } & AsyncDisposable> {
  const toDir = await mkdtemp(join(tmpdir(), 'daypass-init-'));
  await chmod(toDir, 0o755);
  const docker = connectDocker(process.env['DOCKER_HOST']);
  await ensureSandboxImage({ docker, onProgress: () => {} });
  return {
    directory: await extractTools({ docker, image: SANDBOX_IMAGE, toDir }),
    [Symbol.asyncDispose]: () => rm(toDir, { recursive: true, force: true }),
  };
}

/**
 * Init as PID 1 of a process namespace of its own, as in a sandbox: without capabilities and, where the test is root,
 * as the agent's user. Its `kill(-1)` reaches nothing outside. At the end of the test the whole namespace is killed.
 */
export async function startInit(
  toolsDir: string,
  options: { gatewayPath?: string; env?: Record<string, string> } = {},
): Promise<InitClient> {
  const isRoot = process.getuid?.() === 0;
  const init = [join(toolsDir, 'bin/init'), options.gatewayPath ?? '/nowhere/gateway.sock'];
  const user = isRoot ? [`--reuid=${AGENT_UID}`, `--regid=${AGENT_UID}`, '--clear-groups'] : [];
  const namespace = ['--pid', '--fork', '--mount-proc'];
  const child = spawn(
    'unshare',
    [
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      ...namespace,
      'setpriv',
      ...user,
      '--inh-caps=-all',
      '--bounding-set=-all',
      '--no-new-privs',
      ...init,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', env: options.env ?? { PATH: '/usr/bin:/bin' } },
  );
  const client = new InitClient(child);
  // Also when the test fails or runs out of time.
  onTestFinished(() => client.end());
  await client.report('R');
  return client;
}

/** One init: sends it orders and gathers what it reports. */
export class InitClient {
  readonly reports: Report[] = [];
  readonly exitCode: Promise<number | null>;
  stderr = '';
  readonly #child: ReturnType<typeof spawn>;
  #reading = Promise.resolve();
  #goOn = () => {};

  constructor(child: ReturnType<typeof spawn>) {
    this.#child = child;
    this.exitCode = once(child, 'close').then(([code]) => code as number | null);
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    // Init may exit with orders unread.
    child.stdin?.on('error', () => {});
    void this.#collect();
  }

  async #collect(): Promise<void> {
    if (this.#child.stdout === null) return;
    for await (const report of decodeReports(this.#child.stdout)) {
      this.reports.push(report);
      await this.#reading;
    }
  }

  send(...orders: Uint8Array[]): void {
    for (const bytes of orders) this.#child.stdin?.write(bytes);
  }

  /** Starts the agent's command in a shell. */
  runAgent(script: string, env: Record<string, string> = {}): void {
    this.send(order.env(env), order.agent('/', ['sh', '-c', script]));
  }

  closeOrders(): void {
    this.#child.stdin?.end();
  }

  /** Reads nothing more until `resume`. */
  pause(): void {
    this.#reading = new Promise((resolve) => (this.#goOn = resolve));
  }

  resume(): void {
    this.#goOn();
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

  /** Kills PID 1 of the namespace, with which the kernel ends everything in it. */
  async end(): Promise<void> {
    this.resume();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.signal('SIGKILL');
    await this.exitCode;
  }
}

/** Ids of the processes whose parent is this one, zombies included. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}
