import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, realpath } from 'node:fs/promises';
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
import { requireEngine } from './engine/require-engine.ts';
import { createConfigDigests } from './images/config-digest.ts';
import { nameFiles, namesDir } from './places/name-files.ts';
import { requireOwnDirectory } from './places/own-directory.ts';
import { createPlaces } from './places/places.ts';
import { ROUTES } from './routes.ts';
import { createWardenServer } from './serve/create-server.ts';
import { listenForGroup } from './serve/listen.ts';
import { hostCapacity } from './engine/capacity.ts';
import { openTools } from './tools/open-tools.ts';

export type WardenOptions = Omit<WardenConfig, 'logLevel' | 'failpoints'> & { log: Logger };

/** Prepares what every sandbox of this host gets, and serves workers. Throws where it cannot, with what to do. */
export async function startWarden(options: WardenOptions): Promise<{ close(): Promise<void> }> {
  const { dockerHost, certDir, installation, limits, images, runtime, gid, gatewayGid, log } = options;
  const engine = createEngineApi(engineAddress(dockerHost, certDir));
  const info = await requireEngine(engine, runtime, log);
  await mkdir(options.runDir, { recursive: true, mode: 0o711 });
  const runDir = await realpath(options.runDir);
  const memoryDir = await realpath(await openMemoryDir(options.memoryDir, gid));
  // Whoever could write here would decide what sandboxes get mounted.
  await requireOwnDirectory(runDir);
  for (const [dir, mode] of [
    [gatewaysDir(runDir), 0o700],
    [namesDir(runDir), 0o755],
  ] as const) {
    await mkdir(dir, { recursive: true, mode });
    await requireOwnDirectory(dir);
  }
  if (gatewayGid !== null) await openFor(gatewayGid, gatewaysDir(runDir));
  const docker = connectDocker(dockerHost, certDir);
  const toolsDir = await openTools({ dir: options.toolsDir, image: SANDBOX_IMAGE, docker, engine });
  const disks = await openDisks(options.disks, log);
  const host: HostFacts = {
    engineId: info.ID,
    runDir,
    memoryDir,
    toolsDir,
    ...(await nameFiles(runDir, repoHostOf(options.repoOrigin))),
    runtime,
    // Another runtime has a network stack of its own, with its own `::1`.
    ipv6Loopback: runtime === null && existsSync('/proc/sys/net/ipv6'),
    disks: disks.way,
    capacity: await hostCapacity(info, disks.way.way === 'ext4' ? options.disks : null),
  };
  const places = createPlaces({
    runDir,
    memoryDir,
    gatewaysDir: gatewaysDir(runDir),
    gid,
    gatewayGid: gatewayGid ?? gid,
  });
  const configDigestOf = createConfigDigests(docker);
  const deps = { engine, installation, limits, images, configDigestOf, places, disks, host, log };
  const server = createWardenServer(ROUTES, deps);
  await listenForGroup(server, options.socket, gid);
  return {
    async close() {
      server.closeIdleConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Workers and gateway, and nobody else, get at the sockets of sandboxes. */
async function openFor(gid: number, dir: string): Promise<void> {
  await chown(dir, process.getuid?.() ?? 0, gid);
  await chmod(dir, 0o750);
}
