import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { SessionError } from '../../errors.ts';
import { awaitReady, openChannel } from '../init-channel.ts';
import { initDir, listInitDirs, lockInitDir, makeInitDir, removeInitDir } from '../init-dir.ts';
import type { SandboxListing, SandboxRuntime } from '../sandbox-runtime.ts';
import { containerSpec } from './container-spec.ts';
import { askEngine } from './ask-engine.ts';
import { LABEL } from './labels.ts';
import { profileViolations } from './profile-check.ts';

/** A started init reports within milliseconds; a loaded machine may take its time. */
const INIT_TIMEOUT_MS = 30_000;

export interface DockerRuntimeOptions {
  docker: Docker;
  installation: string;
  /** Where each sandbox's init has its directory; in memory. See `openMemoryDir`. */
  memoryDir: string;
}

/** Sandboxes as Docker containers. Containers are named after their sandbox, so that every verb finds them by it. */
export function createDockerRuntime({ docker, installation, memoryDir }: DockerRuntimeOptions): SandboxRuntime {
  const dirOf = (sandboxId: string): string => initDir(memoryDir, sandboxId);

  const inspect: SandboxRuntime['inspect'] = async (sandboxId) => {
    const found = await askEngine('inspect a sandbox', docker.getContainer(sandboxId).inspect(), [404]);
    if (found === null) return null;
    const { Running, ExitCode, OOMKilled, StartedAt } = found.State;
    const ended = !Running && !StartedAt.startsWith('0001');
    return { running: Running, exitCode: ended ? ExitCode : null, outOfMemory: OOMKilled };
  };

  return {
    async create(spec) {
      const options = containerSpec(spec, { installation, initDir: dirOf(spec.sandboxId) });
      const violations = profileViolations(options);
      if (violations.length > 0) {
        throw new SessionError('sandbox_failed', `The sandbox is outside the profile: ${violations.join('; ')}`);
      }
      await makeInitDir(memoryDir, spec.sandboxId);
      await askEngine('create a sandbox', docker.createContainer(options));
    },

    async start(sandboxId) {
      await askEngine('start a sandbox', docker.getContainer(sandboxId).start());
      await awaitReady(dirOf(sandboxId), {
        timeoutMs: INIT_TIMEOUT_MS,
        isRunning: async () => (await inspect(sandboxId))?.running === true,
      });
      await lockInitDir(dirOf(sandboxId));
    },

    attach: (sandboxId, from, signal) => openChannel(dirOf(sandboxId), from, signal),

    async signal(sandboxId, signal) {
      await askEngine('signal a sandbox', docker.getContainer(sandboxId).kill({ signal }), [404, 409]);
    },

    inspect,

    async remove(sandboxId) {
      await askEngine('remove a sandbox', docker.getContainer(sandboxId).remove({ force: true, v: true }), [404, 409]);
      await gone(docker, sandboxId);
      await removeInitDir(memoryDir, sandboxId);
    },

    async list() {
      const filters = { label: [`${LABEL.installation}=${installation}`, LABEL.sandbox] };
      // Asked first: a sandbox has its directory before its container, so that none is seen as a lone directory.
      const directories = await listInitDirs(memoryDir);
      const found = await askEngine('list sandboxes', docker.listContainers({ all: true, filters }));
      const containers = found.map(({ Labels, State }): SandboxListing => ({
        sandboxId: Labels[LABEL.sandbox] ?? '',
        sessionId: Labels[LABEL.session] ?? '',
        tokenId: Labels[LABEL.token] ?? '',
        running: State === 'running',
      }));
      const known = new Set(containers.map(({ sandboxId }) => sandboxId));
      const alone = directories.filter((sandboxId) => !known.has(sandboxId));
      return [...containers, ...alone.map((sandboxId) => ({ sandboxId, sessionId: '', tokenId: '', running: false }))];
    },

    async engineId() {
      const { ID } = (await askEngine('ask for its name', docker.info())) as { ID: string };
      return ID;
    },

    async ping() {
      await askEngine('ping', docker.ping());
    },
  };
}

const GONE_LOOKS = 100;
const GONE_EVERY_MS = 50;

/** A removal that another process began answers 409 and is still under way: wait until the engine knows it no more. */
async function gone(docker: Docker, sandboxId: string): Promise<void> {
  for (let left = GONE_LOOKS; left > 0; left--) {
    const found = await askEngine('inspect a sandbox', docker.getContainer(sandboxId).inspect(), [404]);
    if (found === null) return;
    await sleep(GONE_EVERY_MS);
  }
  throw new SessionError('sandbox_failed', `Docker still knows ${sandboxId} 5 s after its removal`);
}
