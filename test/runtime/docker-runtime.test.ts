import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customAlphabet } from 'nanoid';
import { gatewayDir } from '../../src/egress/layout.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts';
import { createEngineApi } from '../../src/runtime/docker/engine-api.ts';
import type { SandboxRuntime } from '../../src/runtime/sandbox-runtime.ts';
import type { SandboxSpec } from '../../src/runtime/sandbox-spec.ts';
import { InitClient } from '../../workers/init-client.ts';
import { isRoot } from '../support/as-root.ts';
import { eventually } from '../support/eventually.ts';
import { startTestWarden, type TestWarden } from '../support/warden.ts';

const shortId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12);

describe('sandboxes on Docker', () => {
  const docker = connectDocker(process.env['DOCKER_HOST']);
  let warden: TestWarden;
  let runtime: SandboxRuntime;

  beforeAll(async () => {
    warden = await startTestWarden();
    runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
  });
  afterAll(async () => {
    for (const { sandboxId } of await runtime.list()) await runtime.remove(sandboxId);
    await warden[Symbol.asyncDispose]();
  });

  function aSpec(over: Partial<SandboxSpec> = {}): SandboxSpec {
    const resources = { cpus: 1, memoryMb: 128, pids: 64, diskMb: 64 };
    const sandboxId = `sbx_${shortId()}`;
    const { runDir, toolsDir, hostsFile, resolvFile } = warden.host;
    const mounts = { toolsDir, gatewayDir: gatewayDir(runDir, sandboxId), hostsFile, resolvFile };
    return {
      sandboxId,
      sessionId: 'ses_1',
      tokenId: 'tok_1',
      image: 'daypass/sandbox',
      resources,
      mounts,
      ...over,
    };
  }

  /** A started sandbox with what its agent printed so far. */
  async function started(spec = aSpec()) {
    await runtime.create(spec);
    await runtime.start(spec.sandboxId);
    return { id: spec.sandboxId, ...(await attached(spec.sandboxId)) };
  }

  /** What a sandbox said from the beginning on, as one that takes hold of it now reads it. */
  async function attached(sandboxId: string) {
    const channel = await runtime.attach(sandboxId, 0, AbortSignal.timeout(10_000));
    const output = { stdout: '', stderr: '' };
    const sink = {
      agent: async (stream: 'stdout' | 'stderr', bytes: Uint8Array) =>
        void (output[stream] += Buffer.from(bytes).toString()),
      step: async () => undefined,
      passed: async () => undefined,
    };
    const init = new InitClient(channel, sink, {
      hasAgent: false,
      onStarted: async () => undefined,
      onUsedUp: async () => undefined,
    });
    return { init, output, channel, pumped: init.pump() };
  }

  /** The engine hears of an exit a moment after init's last word. */
  const ended = (sandboxId: string) =>
    eventually(
      () => runtime.inspect(sandboxId),
      (state) => state?.running === false,
    );

  const shell = async (script: string, spec = aSpec()) => {
    const { id, init, output, pumped } = await started(spec);
    await init.startAgent('/workspace', ['sh', '-c', script]);
    const exit = await init.exited;
    await pumped;
    const state = await ended(id);
    await runtime.remove(id);
    return { ...exit, ...output, state };
  };

  it('run a command with its environment, and are gone after their removal', async () => {
    const { id, init, output, pumped } = await started();
    expect(await runtime.list()).toEqual([{ sandboxId: id, sessionId: 'ses_1', tokenId: 'tok_1', running: true }]);
    await init.setEnv({ GREETING: 'good day' });
    await init.startAgent('/workspace', ['sh', '-c', 'echo "$GREETING"; echo bad >&2; exit 7']);
    expect(await init.exited).toMatchObject({ exitCode: 7, signal: null });
    await pumped;
    expect(output).toEqual({ stdout: 'good day\n', stderr: 'bad\n' });
    expect(await ended(id)).toEqual({ running: false, exitCode: 7, outOfMemory: false });
    await runtime.remove(id);
    expect(await runtime.inspect(id)).toBeNull();
    await expect(runtime.remove(id)).resolves.toBeUndefined();
    await expect(runtime.signal(id, 'SIGKILL')).resolves.toBeUndefined();
  });

  it('have no network but loopback, no capability, no root, and a root that cannot be written', async () => {
    const { stdout } = await shell(
      `id -u; grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status; ls /sys/class/net;
       touch /usr/x 2>&1; touch /opt/daypass/x 2>&1; (echo hi > /dev/tcp/10.0.0.1/80) 2>&1; getent hosts git.example; getent hosts example.com || echo no name`,
    );
    expect(stdout).toContain('1000\n');
    expect(stdout).toMatch(/CapEff:\s+0000000000000000/);
    expect(stdout).toMatch(/NoNewPrivs:\s+1/);
    expect(stdout).toMatch(/^lo$/m);
    expect(stdout).not.toMatch(/^eth/m);
    expect(stdout.match(/Read-only file system/g)).toHaveLength(2);
    expect(stdout).toMatch(/127\.0\.1\.1\s+git\.example/);
    expect(stdout).toContain('no name');
  });

  it('show no value of the environment to docker inspect', async () => {
    const { id, init } = await started();
    await init.setEnv({ REPO_TOKEN: 'obviously-fake-value' });
    await init.startAgent('/workspace', ['sleep', '60']);
    expect(JSON.stringify(await docker.getContainer(id).inspect())).not.toContain('obviously-fake-value');
    await runtime.remove(id);
  });

  it('keep to their limits of processes and disk', async () => {
    const { stdout } = await shell(
      'head -c 80000000 /dev/zero > big; ls -l big | cut -d" " -f5; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null',
    );
    expect(Number(stdout.split('\n')[0])).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(stdout).toContain('64');
  });

  it('say when memory ran out', async () => {
    const { exitCode, state } = await shell('python3 -c "x = bytearray(400 * 1024 * 1024)"');
    expect(exitCode).toBe(137);
    expect(state?.outOfMemory).toBe(true);
  });

  it('pass SIGTERM to the agent, and SIGKILL ends everything', async () => {
    const polite = await started();
    await polite.init.startAgent('/workspace', [
      'sh',
      '-c',
      'trap "echo bye; exit 9" TERM; echo up; while :; do sleep 0.05; done',
    ]);
    await runtime.signal(polite.id, 'SIGTERM');
    expect((await polite.init.exited).exitCode).toBe(9);
    await polite.pumped;
    expect(polite.output.stdout).toContain('bye');
    await runtime.remove(polite.id);

    const deaf = await started();
    await deaf.init.startAgent('/workspace', ['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done']);
    await runtime.signal(deaf.id, 'SIGTERM');
    await runtime.signal(deaf.id, 'SIGKILL');
    await deaf.pumped;
    await expect(deaf.init.exited).rejects.toMatchObject({ code: 'sandbox_failed' });
    expect(await ended(deaf.id)).toMatchObject({ running: false, exitCode: 137 });
    await runtime.remove(deaf.id);
  });

  it('are taken over: the newest hold counts, and what was said before is read again', async () => {
    const first = await started();
    await first.init.startAgent('/workspace', ['sh', '-c', 'echo one; read -r never; sleep 60']);
    await eventually(
      () => first.output.stdout,
      (text) => text === 'one\n',
    );
    const second = await attached(first.id);
    await second.init.caughtUp(0);
    expect(second.init.hasAgent).toBe(true);
    await first.pumped;
    expect(first.channel.isClosed).toBe(true);
    await expect(first.init.stop('KILL')).rejects.toThrow('closed');
    await second.init.stop('KILL');
    expect(await second.init.exited).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
    await second.pumped;
    const late = await attached(first.id);
    await late.pumped;
    expect(late.output.stdout).toContain('one\n');
    await runtime.remove(first.id);
  });

  it.runIf(isRoot)('keep everybody but their init out of where it reports and takes orders', async () => {
    const { stdout } = await shell(
      'ls /run/daypass-init 2>&1; echo x > /run/daypass-init/reports; ls -ld /run/daypass-init',
    );
    expect(stdout).toMatch(/Permission denied/);
    expect(stdout).toMatch(/^drwxr-x---/m);
  });

  it('cannot be started a second time', async () => {
    const { id, init, pumped } = await started();
    await init.startAgent('/workspace', ['true']);
    await pumped;
    await ended(id);
    await docker.getContainer(id).start();
    expect(await docker.getContainer(id).wait()).toMatchObject({ StatusCode: 70 });
    await runtime.remove(id);
  });

  it('carry a megabyte of output whole and in order', async () => {
    const { stdout } = await shell('seq 1 150000');
    expect(stdout).toBe(Array.from({ length: 150_000 }, (_, i) => `${i + 1}\n`).join(''));
  });

  it('name the image that is missing', async () => {
    await expect(runtime.create(aSpec({ image: 'daypass/no-such-image' }))).rejects.toMatchObject({
      code: 'image_missing',
    });
  });

  it('say that Docker is away when it does not answer', async () => {
    const nowhere = createEngineApi({ socketPath: '/nonexistent/engine.sock' });
    const nobody = createDockerRuntime({ warden: nowhere, installation: 'nobody', host: warden.host });
    await expect(nobody.ping()).rejects.toMatchObject({ code: 'engine_unavailable' });
  });
});
