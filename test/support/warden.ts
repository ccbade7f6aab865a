import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/ops/log.ts';
import { createEngineApi, type EngineApi } from '../../src/runtime/docker/engine-api.ts';
import { hostFacts, type HostFacts } from '../../src/runtime/docker/host-facts.ts';
import { removeMemoryDir } from '../../src/runtime/memory-dir.ts';
import { removeAllDisks } from '../../src/warden/disks/remove-all-disks.ts';
import { startWarden, type WardenOptions } from '../../src/warden/start.ts';

/** A warden in this process, on the engine of the tests, with directories of its own. */
export interface TestWarden extends AsyncDisposable {
  readonly socket: string;
  readonly api: EngineApi;
  readonly host: HostFacts;
  readonly installation: string;
}

type TestWardenOptions = Partial<Omit<WardenOptions, 'disks'>> & { disks?: Partial<WardenOptions['disks']> };

export async function startTestWarden(options: TestWardenOptions = {}): Promise<TestWarden> {
  const dir = await mkdtemp(join(tmpdir(), 'dpw-'));
  const memoryDir = await mkdtemp('/dev/shm/dpw-');
  const runDir = options.runDir ?? join(dir, 'run');
  const socket = join(runDir, 'warden', 'engine.sock');
  const installation = options.installation ?? `test-${dir.slice(-6).toLowerCase()}`;
  const tidy = async (): Promise<void> => {
    await removeMemoryDir(memoryDir);
    await removeAllDisks(join(dir, 'disks'));
    await rm(dir, { recursive: true, force: true });
  };
  await mkdir(runDir, { recursive: true });
  const warden = await startWarden({
    dockerHost: process.env['DOCKER_HOST'],
    certDir: null,
    socket,
    gid: process.getgid?.() ?? 0,
    gatewayGid: null,
    installation,
    runDir,
    memoryDir,
    toolsDir: join(dir, 'tools'),
    repoOrigin: 'http://git.example',
    images: ['daypass/*'],
    limits: { cpus: 4, memoryMb: 1_024, pids: 512, diskMb: 1_024 },
    runtime: null,
    log: createLogger('warden', 'silent'),
    ...options,
    disks: { dir: join(dir, 'disks'), wanted: 'auto', reserveMb: 1, overcommit: 1, ...options.disks },
  }).catch(async (error: unknown) => {
    await tidy();
    throw error;
  });
  const api = createEngineApi({ socketPath: socket });
  const signal = AbortSignal.timeout(5_000);
  return {
    socket,
    api,
    installation,
    host: await api.call({ method: 'GET', path: '/daypass/host', signal, answer: hostFacts }),
    async [Symbol.asyncDispose]() {
      await warden.close();
      await tidy();
    },
  };
}
