import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Relace } from '@relace-ai/relace';
import type Docker from 'dockerode';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { readLoopDevices, readMounts } from '../../src/warden/disks/kernel-tables.ts';
import { removeAllDisks } from '../../src/warden/disks/remove-all-disks.ts';
import { CHECKOUT, type ProgramPlace } from './copy-for-all.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { startProcess, type TestProcess, type User } from './processes.ts';
import { startTestRedis, type TestRedis } from './redis.ts';

export const API_KEY = 'dp_obviously_fake_key_of_a_test';
export const ACCOUNT_KEY = 'account-key-of-a-test';

export type Role = 'git-host' | 'minter' | 'gateway' | 'warden' | 'worker' | 'api';

const PROGRAMS: Record<Role, { program: string; ready: string }> = {
  'git-host': { program: 'src/git-host/main.ts', ready: 'git host listens' },
  minter: { program: 'src/token/minter/main.ts', ready: 'minter ready' },
  gateway: { program: 'src/egress/main.ts', ready: 'gateway ready' },
  warden: { program: 'src/warden/main.ts', ready: 'warden ready' },
  worker: { program: 'workers/main.ts', ready: 'worker ready' },
  api: { program: 'src/main.ts', ready: 'api ready' },
};

/** All of Daypass, each role a process of its own, on real Redis, Docker and git. */
export interface Stack extends AsyncDisposable {
  readonly apiUrl: string;
  readonly gitHostUrl: string;
  readonly redis: TestRedis;
  readonly docker: Docker;
  readonly dir: string;
  /** Where sandboxes' inits have their directories. */
  readonly memoryDir: string;
  /** Where sandboxes' disks lie. */
  readonly diskDir: string;
  readonly installation: string;
  /** The settings of all roles. */
  readonly env: Readonly<Record<string, string>>;
  /** The repo host's SDK with the account's key, or with a token; without retries. */
  relace(apiKey?: string): Relace;
  /** One call of the API with the test's key; a body is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Containers of this stack, running or not. */
  containers(): Promise<Docker.ContainerInfo[]>;
  process(role: Role): TestProcess;
  stop(role: Role, signal?: NodeJS.Signals): Promise<void>;
  /** With settings of its own, if given, on top of the stack's. */
  start(role: Role, settings?: Record<string, string>): Promise<void>;
  /** A second process of a role, beside the one of the stack, until the stack ends. */
  startAnother(role: Role, settings: Record<string, string>): Promise<TestProcess>;
}

export interface StackOptions {
  /** A Redis that runs already; the stack ends it. Where the roles find it is then for the settings to say. */
  redis?: TestRedis;
  /** Another program than the product's for a role, from the project's root. */
  programs?: Partial<Record<Role, string>>;
  /** Where the roles' programs lie; the checkout, unless users of their own have to get there. */
  place?: ProgramPlace;
  /** Makes what roles of different users need in the stack's directory, and says who they are. */
  layOut?: (dir: string) => Promise<RoleUsers>;
}

/** Roles that run as users of their own, with settings on top of the stack's. */
export type RoleUsers = Partial<Record<Role, { user?: User; settings: Record<string, string> }>>;

export async function startStack(settings: Record<string, string> = {}, options: StackOptions = {}): Promise<Stack> {
  // Whatever a role makes of a path bears a blank and a letter beyond ASCII.
  const dir = await mkdtemp(join(tmpdir(), 'dp ü-'));
  const memoryDir = await mkdtemp('/dev/shm/dp-');
  const diskDir = join(dir, 'disks');
  const redis = options.redis ?? (await startTestRedis());
  const installation = `test-${randomBytes(4).toString('hex')}`;
  const [apiPort, gitPort] = [await freePort(), await freePort()];
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const gitHostUrl = `http://127.0.0.1:${gitPort}/v1`;
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: dir,
    DAYPASS_LOG_LEVEL: 'info',
    DAYPASS_DATA_DIR: join(dir, 'data'),
    DAYPASS_LOG_DIR: join(dir, 'data', 'session-logs'),
    DAYPASS_RUN_DIR: join(dir, 'run'),
    DAYPASS_MEMORY_DIR: memoryDir,
    DAYPASS_DISK_DIR: diskDir,
    DAYPASS_REDIS_URL: redis.url,
    DAYPASS_INSTALLATION: installation,
    DAYPASS_API_LISTEN: `127.0.0.1:${apiPort}`,
    DAYPASS_API_KEYS: `test:${API_KEY}`,
    DAYPASS_GIT_HOST_LISTEN: `127.0.0.1:${gitPort}`,
    DAYPASS_GIT_HOST_KEYS: ACCOUNT_KEY,
    DAYPASS_RELACE_BASE_URL: gitHostUrl,
    DAYPASS_RELACE_API_KEY: ACCOUNT_KEY,
    DAYPASS_RELACE_READ_TOKENS: 'true',
    DAYPASS_SEAL_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ...(process.env['DOCKER_HOST'] ? { DOCKER_HOST: process.env['DOCKER_HOST'] } : {}),
    ...settings,
  };
  const docker = connectDocker(env['DOCKER_HOST']);
  const users = (await options.layOut?.(dir)) ?? {};
  const running = new Map<Role, TestProcess>();
  const others: TestProcess[] = [];

  const launch = (role: Role, own: Record<string, string>): Promise<TestProcess> => {
    const { program, ready } = PROGRAMS[role];
    const settingsOfRole = { ...env, ...users[role]?.settings, ...own };
    const { root, node } = options.place ?? CHECKOUT;
    const file = join(root, options.programs?.[role] ?? program);
    const { user } = users[role] ?? {};
    return startProcess(file, settingsOfRole, ready, { node, ...(user && { user }) });
  };
  const start = async (role: Role, own: Record<string, string> = {}): Promise<void> => {
    running.set(role, await launch(role, own));
  };
  const stop = async (role: Role, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => running.get(role)?.end(signal);
  const containers = (): Promise<Docker.ContainerInfo[]> =>
    docker.listContainers({ all: true, filters: { label: [`daypass.installation=${installation}`] } });

  const dispose = async (): Promise<void> => {
    for (const other of others) await other.end('SIGKILL');
    for (const role of ['api', 'worker', 'warden', 'gateway', 'minter', 'git-host'] as const)
      await stop(role, 'SIGKILL');
    try {
      for (const { Id } of await containers()) await remove(docker, Id);
      await eventually(containers, (left) => left.length === 0);
    } finally {
      // Also when the engine is away.
      await redis.stop();
      await removeAllDisks(diskDir);
      await rm(memoryDir, { recursive: true, force: true });
      await rm(dir, { recursive: true, force: true });
    }
  };

  try {
    // It makes what the others may not.
    await start('warden');
    await Promise.all((['git-host', 'minter', 'gateway'] as const).map((role) => start(role)));
    await Promise.all((['worker', 'api'] as const).map((role) => start(role)));
  } catch (error) {
    await dispose();
    throw error;
  }

  return {
    apiUrl,
    gitHostUrl,
    redis,
    docker,
    dir,
    memoryDir,
    diskDir,
    installation,
    env,
    containers,
    start,
    async startAnother(role, own) {
      const other = await launch(role, own);
      others.push(other);
      return other;
    },
    stop,
    relace: (apiKey = ACCOUNT_KEY) => new Relace({ apiKey, baseURL: gitHostUrl, maxRetries: 0 }),
    call: (method, path, body, headers = {}) =>
      fetch(`${apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    process: (role) => {
      const found = running.get(role);
      if (found === undefined) throw new Error(`${role} was never started`);
      return found;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * What a stack has when all of its sessions are over, as sentences; empty when nothing is left: no container, no live
 * token at the repo host, no gateway, no spooled token.
 */
async function leftovers(stack: Stack): Promise<string[]> {
  const tokens = (await (
    await fetch(`${stack.gitHostUrl}/repo_token`, {
      headers: { authorization: `Bearer ${ACCOUNT_KEY}` },
    })
  ).json()) as { items?: unknown[] } | unknown[];
  const live = Array.isArray(tokens) ? tokens : (tokens.items ?? []);
  const gateways = await readdir(join(stack.dir, 'run', 'gateways')).catch(() => []);
  const decisions = await readdir(join(stack.dir, 'run', 'decisions')).catch(() => []);
  const policies = await readdir(join(stack.dir, 'run', 'policies')).catch(() => []);
  const initDirs = await readdir(stack.memoryDir);
  const disks = await readdir(stack.diskDir);
  const devices = (await readLoopDevices()).filter(({ file }) => file.startsWith(`${stack.diskDir}/`));
  const mounts = (await readMounts()).filter(({ target }) => target.startsWith(`${stack.diskDir}/`));
  const spooled = await readdir(join(stack.dir, 'data', 'spool')).catch(() => []);
  return [
    ...(await stack.containers()).map(({ Names }) => `container ${Names.join()}`),
    ...live.map((token) => `live token ${JSON.stringify(token)}`),
    ...gateways.map((name) => `gateway ${name}`),
    ...decisions.map((name) => `decisions ${name}`),
    ...policies.map((name) => `policy ${name}`),
    ...initDirs.map((name) => `init directory ${name}`),
    ...disks.map((name) => `disk ${name}`),
    ...devices.map(({ device, file }) => `loop device ${device} of ${file}`),
    ...mounts.map(({ target }) => `mount ${target}`),
    ...spooled.map((name) => `spooled ${name}`),
  ];
}

/** Waits until nothing is left; throws with the sentences of what is. */
export async function nothingLeft(stack: Stack): Promise<string[]> {
  return eventually(
    () => leftovers(stack),
    (left) => left.length === 0,
    { timeoutMs: 20_000 },
  );
}

/** A container that is gone, or whose removal its warden has asked for, is fine. Source: Engine API, `DELETE /containers/{id}`. */
async function remove(docker: Docker, id: string): Promise<void> {
  await docker
    .getContainer(id)
    .remove({ force: true, v: true })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
    });
}
