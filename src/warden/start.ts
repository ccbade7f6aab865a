import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { WardenConfig } from '../config.ts';
import { gatewaysDir } from '../egress/layout.ts';
import { SANDBOX_IMAGE } from '../images/sandbox-image.ts';
import type { Logger } from '../ops/log.ts';
import { connectDocker, engineAddress } from '../runtime/docker/connect.ts';
import { createEngineApi } from '../runtime/docker/engine-api.ts';
import type { HostFacts } from '../runtime/docker/host-facts.ts';
import { openMemoryDir } from '../runtime/memory-dir.ts';
import { repoHostOf } from '../session/repo-host.ts';
import { openDisks } from './disks/open-disks.ts';
import { extractTools } from './images/extract-tools.ts';
import { nameFiles } from './places/name-files.ts';
import { createPlaces } from './places/places.ts';
import { ROUTES } from './routes.ts';
import { createWardenServer } from './serve/create-server.ts';
import { listenForGroup } from './serve/listen.ts';

const ENGINE_TIMEOUT_MS = 20_000;

export type WardenOptions = Omit<WardenConfig, 'logLevel' | 'failpoints'> & { log: Logger };

/** Prepares what every sandbox of this host gets, and serves workers. Throws when the engine does not answer. */
export async function startWarden(options: WardenOptions): Promise<{ close(): Promise<void> }> {
  const { dockerHost, installation, limits, images, runtime, gid, log } = options;
  const engine = createEngineApi(engineAddress(dockerHost));
  const signal = AbortSignal.timeout(ENGINE_TIMEOUT_MS);
  const info = await engine.call({ method: 'GET', path: '/info', signal, answer: z.object({ ID: z.string() }) });
  await mkdir(options.runDir, { recursive: true, mode: 0o711 });
  const runDir = await realpath(options.runDir);
  const memoryDir = await realpath(await openMemoryDir(options.memoryDir, gid));
  await mkdir(gatewaysDir(runDir), { recursive: true, mode: 0o700 });
  const disks = await openDisks(options.disks, log);
  const docker = connectDocker(dockerHost);
  const host: HostFacts = {
    engineId: info.ID,
    runDir,
    memoryDir,
    toolsDir: await extractTools({ docker, image: SANDBOX_IMAGE, toDir: join(runDir, 'tools') }),
    ...(await nameFiles(runDir, repoHostOf(options.repoOrigin))),
    runtime,
    disks: disks.way,
  };
  const places = createPlaces({ runDir, memoryDir, gatewaysDir: gatewaysDir(runDir), gid });
  const server = createWardenServer(ROUTES, { engine, installation, limits, images, places, disks, host, log });
  await listenForGroup(server, options.socket, gid);
  return {
    async close() {
      server.closeIdleConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
