import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { customAlphabet } from 'nanoid';
import { gatewayDir } from '../../src/egress/layout.ts';
import { closeGateway, gatewayReady, openGateway } from '../../src/egress/policy-files.ts';
import { SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts';
import { createEngineApi } from '../../src/runtime/docker/engine-api.ts';
import { hostFacts, type HostFacts } from '../../src/runtime/docker/host-facts.ts';
import { awaitReady, openChannel } from '../../src/runtime/init-channel.ts';
import { INIT_DIR_TARGET, initDir } from '../../src/runtime/init-dir.ts';
import type { SandboxChannel } from '../../src/runtime/sandbox-channel.ts';
import type { SandboxRuntime } from '../../src/runtime/sandbox-runtime.ts';
import { repoHostOf, type RepoHost } from '../../src/session/repo-host.ts';
import { InitClient } from '../../workers/init-client.ts';
import { createRepo } from '../scenarios/session.ts';
import type { Stack } from '../support/stack.ts';

const newId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12);
const TIMEOUT_MS = 20_000;
const RESOURCES = { cpus: 1, memoryMb: 1_024, pids: 256, diskMb: 256 };

/**
 * Times, in ms, from nothing to the first line of a command in a cloned repo, in turn: in a sandbox with the whole profile,
 * made by way of a warden, with the gateway as its only way out, and in a container with the engine's defaults and the host's network. Image, init,
 * repo and command are the same, so that the difference is what the walls cost.
 */
export async function benchWalls(stack: Stack, rounds: number): Promise<{ walled: number[]; open: number[] }> {
  const place = await openPlace(stack);
  const figures: { walled: number[]; open: number[] } = { walled: [], open: [] };
  try {
    // The first of each warms caches up and does not count.
    for (let round = 0; round <= rounds; round++) {
      const walled = await timed(place, walledSandbox);
      const open = await timed(place, openContainer);
      if (round === 0) continue;
      figures.walled.push(walled);
      figures.open.push(open);
    }
  } finally {
    await place.close();
  }
  return figures;
}

/** Where the bench has its sandboxes: beside the stack's, whose worker would take them for strays. */
interface Place {
  docker: Docker;
  runtime: SandboxRuntime;
  host: HostFacts;
  repoHost: RepoHost;
  cloneUrl: string;
  close(): Promise<void>;
}

interface Started {
  channel: SandboxChannel;
  /** What is left to do before the first program, such as ordering the ways out. */
  prepare(init: InitClient): Promise<void>;
  remove(): Promise<void>;
}

async function openPlace(stack: Stack): Promise<Place> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-'));
  const memoryDir = await mkdtemp('/dev/shm/dp-');
  const runDir = join(dir, 'run');
  const installation = `${stack.installation}-walls`;
  const repoId = await createRepo(stack);
  const { token } = await stack.relace().repoToken.create({ name: 'bench', repo_ids: [repoId] });
  const settings = {
    DAYPASS_RUN_DIR: runDir,
    DAYPASS_MEMORY_DIR: memoryDir,
    DAYPASS_DISK_DIR: join(dir, 'disks'),
    DAYPASS_INSTALLATION: installation,
  };
  const warden = await stack.startAnother('warden', settings);
  const gateway = await stack.startAnother('gateway', settings);
  const api = createEngineApi({ socketPath: join(runDir, 'warden', 'engine.sock') });
  const ask = { method: 'GET', path: '/daypass/host', signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
  const host = await api.call({ ...ask, answer: hostFacts });
  return {
    docker: stack.docker,
    runtime: createDockerRuntime({ warden: api, installation, host }),
    host,
    repoHost: repoHostOf(new URL(stack.gitHostUrl).origin),
    cloneUrl: `${stack.gitHostUrl.replace('http://', `http://token:${token}@`)}/repo/${repoId}.git`,
    async close() {
      for (const role of [gateway, warden]) await role.end('SIGTERM');
      await rm(memoryDir, { recursive: true, force: true });
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function timed(place: Place, start: (place: Place, id: string) => Promise<Started>): Promise<number> {
  const id = `sbx_${newId()}`;
  const began = performance.now();
  const sandbox = await start(place, id);
  const { channel } = sandbox;
  try {
    const firstLine = Promise.withResolvers<void>();
    const sink = {
      agent: async () => firstLine.resolve(),
      step: async () => undefined,
      passed: async () => undefined,
    };
    const init = new InitClient(channel, sink, {
      hasAgent: false,
      onStarted: async () => undefined,
      onUsedUp: async () => undefined,
    });
    const pumped = init.pump();
    await sandbox.prepare(init);
    await init.setEnv({ HOME: '/home/agent', PATH: '/usr/local/bin:/usr/bin:/bin' });
    const clone = ['git', 'clone', '-q', place.cloneUrl, '/workspace/repo'];
    const { exitCode, stderr } = await init.runStep('clone', '/workspace', clone);
    if (exitCode !== 0) throw new Error(`git clone failed: ${stderr}`);
    await init.startAgent('/workspace/repo', ['sh', '-c', 'cat README.md']);
    await firstLine.promise;
    const ms = performance.now() - began;
    await pumped;
    return ms;
  } finally {
    channel.close();
    await sandbox.remove();
  }
}

/** As a worker starts one. */
async function walledSandbox({ runtime, host, repoHost }: Place, id: string): Promise<Started> {
  const { runDir, toolsDir, hostsFile, resolvFile } = host;
  const dir = gatewayDir(runDir, id);
  await runtime.create({
    sandboxId: id,
    sessionId: 'ses_bench',
    tokenId: 'tok_bench',
    image: SANDBOX_IMAGE,
    resources: RESOURCES,
    mounts: { toolsDir, gatewayDir: dir, hostsFile, resolvFile },
  });
  await openGateway({ runDir, policy: { sandboxId: id, sessionId: 'ses_bench', allow: [] } });
  await Promise.all([runtime.start(id), gatewayReady(dir, TIMEOUT_MS)]);
  return {
    channel: await runtime.attach(id, 0, AbortSignal.timeout(TIMEOUT_MS)),
    async prepare(init) {
      const { host: name, port, listenAddress } = repoHost;
      await init.forward({ address: listenAddress, port }, { host: name, port });
      await init.forward({ address: '127.0.0.1', port: 3128 }, null);
    },
    async remove() {
      await runtime.remove(id);
      await closeGateway({ runDir, sandboxId: id });
    },
  };
}

/** As `docker run --network host` starts one, with our init in it so that both are spoken to in the same way. */
async function openContainer({ docker, host: { memoryDir, toolsDir } }: Place, id: string): Promise<Started> {
  const dir = initDir(memoryDir, id);
  await mkdir(dir);
  await chmod(dir, 0o777);
  const container = await docker.createContainer({
    name: id,
    Image: SANDBOX_IMAGE,
    Entrypoint: ['/opt/daypass/bin/init'],
    Cmd: [],
    HostConfig: {
      NetworkMode: 'host',
      Mounts: [
        { Type: 'bind', Source: toolsDir, Target: '/opt/daypass', ReadOnly: true },
        { Type: 'bind', Source: dir, Target: INIT_DIR_TARGET, ReadOnly: false },
      ],
    },
  });
  await container.start();
  await awaitReady(dir, { timeoutMs: TIMEOUT_MS, isRunning: async () => (await container.inspect()).State.Running });
  return {
    channel: await openChannel(dir, 0, AbortSignal.timeout(TIMEOUT_MS)),
    prepare: async () => undefined,
    async remove() {
      await container.remove({ force: true, v: true });
      await rm(dir, { recursive: true, force: true });
    },
  };
}
