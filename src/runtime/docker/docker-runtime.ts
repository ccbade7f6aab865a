import type Docker from 'dockerode';
import { SessionError } from '../../errors.ts';
import type { SandboxListing, SandboxRuntime } from '../sandbox-runtime.ts';
import { channelOver } from './attachment.ts';
import { containerSpec } from './container-spec.ts';
import { engineStatus, toSessionError } from './engine-error.ts';
import { LABEL } from './labels.ts';
import { profileViolations } from './profile-check.ts';

/** An engine that takes longer for one call does not answer. Starting a container takes it a second on a busy machine. */
const ENGINE_TIMEOUT_MS = 20_000;

/** Sandboxes as Docker containers. Containers are named after their sandbox, so that every verb finds them by it. */
export function createDockerRuntime({
  docker,
  installation,
}: {
  docker: Docker;
  installation: string;
}): SandboxRuntime {
  return {
    async create(spec) {
      const options = containerSpec(spec, installation);
      const violations = profileViolations(options);
      if (violations.length > 0) {
        throw new SessionError('sandbox_failed', `The sandbox is outside the profile: ${violations.join('; ')}`);
      }
      await asking('create a sandbox', docker.createContainer(options));
    },

    async start(sandboxId) {
      const container = docker.getContainer(sandboxId);
      // Attached before it starts: not a byte of it can be missed.
      const connection = await asking(
        'attach to a sandbox',
        container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true }),
      );
      await asking('start a sandbox', container.start());
      return channelOver(connection);
    },

    async signal(sandboxId, signal) {
      await asking('signal a sandbox', docker.getContainer(sandboxId).kill({ signal }), [404, 409]);
    },

    async inspect(sandboxId) {
      const found = await asking('inspect a sandbox', docker.getContainer(sandboxId).inspect(), [404]);
      if (found === null) return null;
      const { Running, ExitCode, OOMKilled, StartedAt } = found.State;
      const ended = !Running && !StartedAt.startsWith('0001');
      return { running: Running, exitCode: ended ? ExitCode : null, outOfMemory: OOMKilled };
    },

    async remove(sandboxId) {
      await asking('remove a sandbox', docker.getContainer(sandboxId).remove({ force: true, v: true }), [404, 409]);
      await gone(docker, sandboxId);
    },

    async list() {
      const filters = { label: [`${LABEL.installation}=${installation}`, LABEL.sandbox] };
      const found = await asking('list sandboxes', docker.listContainers({ all: true, filters }));
      return found.map(({ Labels, State }): SandboxListing => ({
        sandboxId: Labels[LABEL.sandbox] ?? '',
        sessionId: Labels[LABEL.session] ?? '',
        tokenId: Labels[LABEL.token] ?? '',
        running: State === 'running',
      }));
    },

    async ping() {
      await asking('ping', docker.ping());
    },
  };
}

/** Waits for the engine, but not for ever; the named statuses count as "it is so already" and give null. */
async function asking<T>(doing: string, work: Promise<T>, fine: number[]): Promise<T | null>;
async function asking<T>(doing: string, work: Promise<T>): Promise<T>;
async function asking<T>(doing: string, work: Promise<T>, fine: number[] = []): Promise<T | null> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${ENGINE_TIMEOUT_MS / 1000} s`)),
    ENGINE_TIMEOUT_MS,
  );
  try {
    return await Promise.race([work, late.promise]);
  } catch (error) {
    if (fine.includes(engineStatus(error) ?? 0)) return null;
    throw toSessionError(error, doing);
  } finally {
    clearTimeout(timer);
  }
}

/** A removal that another process began answers 409 and is still under way: wait until the engine knows it no more. */
async function gone(docker: Docker, sandboxId: string): Promise<void> {
  for (let left = 100; left > 0; left--) {
    const found = await asking('inspect a sandbox', docker.getContainer(sandboxId).inspect(), [404]);
    if (found === null) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new SessionError('sandbox_failed', `Docker still knows ${sandboxId} 5 s after its removal`);
}
