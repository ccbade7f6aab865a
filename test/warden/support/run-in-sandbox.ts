import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import type { SandboxSpec } from '../../../src/runtime/sandbox-spec.ts';
import { InitClient } from '../../../workers/init-client.ts';
import type { TestWarden } from '../../support/warden.ts';
import { aSandbox } from './sandbox-spec.ts';

const TIMEOUT_MS = 60_000;

/** Runs a command as a session's agent would, in a sandbox that the warden makes; what it printed, and its exit code. */
export async function runInSandbox(
  warden: TestWarden,
  command: string[],
  {
    over = {},
    look = async () => undefined,
  }: { over?: Partial<SandboxSpec>; look?: (id: string) => Promise<void> } = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const { api, installation, host } = warden;
  const runtime = createDockerRuntime({ warden: api, installation, host });
  const spec = aSandbox(host, over);
  const output = { stdout: '', stderr: '' };
  const sink = {
    agent: async (stream: 'stdout' | 'stderr', bytes: Uint8Array) =>
      void (output[stream] += Buffer.from(bytes).toString()),
    step: async () => undefined,
    passed: async () => undefined,
  };
  try {
    await runtime.create(spec);
    await runtime.start(spec.sandboxId);
    const channel = await runtime.attach(spec.sandboxId, 0, AbortSignal.timeout(TIMEOUT_MS));
    const init = new InitClient(channel, sink, {
      hasAgent: false,
      onStarted: async () => undefined,
      onUsedUp: async () => undefined,
    });
    const pumped = init.pump();
    await look(spec.sandboxId);
    await init.startAgent('/workspace', command);
    const { exitCode } = await init.exited;
    await pumped;
    return { exitCode: exitCode ?? -1, ...output };
  } finally {
    await runtime.remove(spec.sandboxId);
  }
}
