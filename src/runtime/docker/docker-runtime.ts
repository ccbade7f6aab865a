import { z } from 'zod';
import { openChannel } from '../init-channel.ts';
import { initDir, listInitDirs } from '../init-dir.ts';
import type { SandboxListing, SandboxRuntime } from '../sandbox-runtime.ts';
import type { SandboxSpec } from '../sandbox-spec.ts';
import { containerSpec } from './container-spec.ts';
import { askEngine } from './ask-engine.ts';
import type { EngineApi } from './engine-api.ts';
import type { HostFacts } from './host-facts.ts';
import { LABEL } from './labels.ts';
import { workspace as workspaceShape, type Workspace } from './workspace.ts';

/** The warden waits for the engine, then for the sandbox's init. */
const START_TIMEOUT_MS = 50_000;

const state = z.object({
  State: z.object({ Running: z.boolean(), ExitCode: z.number(), OOMKilled: z.boolean(), StartedAt: z.string() }),
});
const listing = z.array(z.object({ Labels: z.record(z.string(), z.string()), State: z.string() }));

export interface DockerRuntimeOptions {
  /** The warden, which passes on what a worker may ask of an engine. */
  warden: EngineApi;
  installation: string;
  /** What the warden says of this host. */
  host: HostFacts;
}

/** Sandboxes as Docker containers. Containers are named after their sandbox, so that every verb finds them by it. */
export function createDockerRuntime({ warden, installation, host }: DockerRuntimeOptions): SandboxRuntime {
  const { memoryDir, runtime, ipv6Loopback } = host;
  const dirOf = (sandboxId: string): string => initDir(memoryDir, sandboxId);
  const pathOf = (sandboxId: string, verb: string): string => `/containers/${sandboxId}${verb}`;

  const makeWorkspace = ({ sandboxId, resources }: SandboxSpec): Promise<Workspace> => {
    const call = { method: 'PUT', path: `/daypass/disks/${sandboxId}`, body: { sizeMb: resources.diskMb } } as const;
    return askEngine('make a disk', (signal) => warden.call({ ...call, signal, answer: workspaceShape }));
  };

  return {
    async create(spec) {
      const workspace = await makeWorkspace(spec);
      const place = { installation, initDir: dirOf(spec.sandboxId), workspace, runtime, ipv6Loopback };
      const body = containerSpec(spec, place);
      const { name = '', ...options } = body;
      const call = { method: 'POST', path: '/containers/create', query: { name }, body: options } as const;
      await askEngine('create a sandbox', (signal) => warden.call({ ...call, signal, answer: z.unknown() }));
    },

    async start(sandboxId) {
      const call = { method: 'POST', path: pathOf(sandboxId, '/start'), answer: z.unknown() } as const;
      await askEngine('start a sandbox', (signal) => warden.call({ ...call, signal }), { timeoutMs: START_TIMEOUT_MS });
    },

    attach: (sandboxId, from, signal) => openChannel(dirOf(sandboxId), from, signal),

    async signal(sandboxId, name) {
      const call = { method: 'POST', path: pathOf(sandboxId, '/kill'), query: { signal: name } } as const;
      const ask = (signal: AbortSignal) => warden.call({ ...call, signal, answer: z.unknown() });
      await askEngine('signal a sandbox', ask, { fine: [404, 409] });
    },

    async inspect(sandboxId) {
      const call = { method: 'GET', path: pathOf(sandboxId, '/json'), answer: state } as const;
      const ask = (signal: AbortSignal) => warden.call({ ...call, signal });
      const found = await askEngine('inspect a sandbox', ask, { fine: [404] });
      if (found === null) return null;
      const { Running, ExitCode, OOMKilled, StartedAt } = found.State;
      const ended = !Running && !StartedAt.startsWith('0001');
      return { running: Running, exitCode: ended ? ExitCode : null, outOfMemory: OOMKilled };
    },

    async remove(sandboxId) {
      const call = { method: 'DELETE', path: pathOf(sandboxId, ''), query: { force: 'true', v: 'true' } } as const;
      const ask = (signal: AbortSignal) => warden.call({ ...call, signal, answer: z.unknown() });
      await askEngine('remove a sandbox', ask, { fine: [404] });
    },

    async list() {
      // Asked first: a sandbox has its disk and directory before its container, so that none is seen as alone.
      const listDisks = { method: 'GET', path: '/daypass/disks', answer: z.array(z.string()) } as const;
      const [directories, disks] = await Promise.all([
        listInitDirs(memoryDir),
        askEngine('list disks', (signal) => warden.call({ ...listDisks, signal })),
      ]);
      const call = { method: 'GET', path: '/containers/json', query: { all: 'true' }, answer: listing } as const;
      const found = await askEngine('list sandboxes', (signal) => warden.call({ ...call, signal }));
      const containers = found.map(({ Labels, State }): SandboxListing => ({
        sandboxId: Labels[LABEL.sandbox] ?? '',
        sessionId: Labels[LABEL.session] ?? '',
        tokenId: Labels[LABEL.token] ?? '',
        running: State === 'running',
      }));
      const known = new Set(containers.map(({ sandboxId }) => sandboxId));
      const alone = [...new Set([...directories, ...disks])].filter((sandboxId) => !known.has(sandboxId));
      return [...containers, ...alone.map((sandboxId) => ({ sandboxId, sessionId: '', tokenId: '', running: false }))];
    },

    async ping() {
      const call = { method: 'GET', path: '/_ping', answer: z.unknown() } as const;
      await askEngine('ping', (signal) => warden.call({ ...call, signal }));
    },
  };
}
