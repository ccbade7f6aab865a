import { createMasks } from '../../src/token/masks.ts';
import { customAlphabet } from 'nanoid';
import { onTestFinished } from 'vitest';
import { gatewayDir } from '../../src/egress/layout.ts';
import { ensureSandboxImage, SANDBOX_IMAGE } from '../../src/images/sandbox-image.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts';
import { repoHostOf } from '../../src/session/repo-host.ts';
import { transparentPorts } from '../../src/session/transparent-ports.ts';
import type { SandboxGrant } from '../../src/token/minter/client.ts';
import { Secret } from '../../src/token/secret.ts';
import { InitClient, type AgentExit } from '../../workers/init-client.ts';
import { deliverEnvironment } from '../../workers/steps/deliver-environment.ts';
import type { GatewayRig } from '../egress/support/rig.ts';
import { aSession } from './records.ts';
import { startTestWarden } from './warden.ts';

const shortId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12);
const ATTACH_MS = 10_000;

export interface RealSandboxOptions {
  gateway: GatewayRig;
  repoOrigin: string;
  image?: string;
  /** Of the request. */
  env?: Record<string, string>;
  allow?: string[];
  pids?: number;
  memoryMb?: number;
}

/** A sandbox as a worker makes it, on the real engine and behind the real gateway, with its environment delivered. */
export interface RealSandbox {
  id: string;
  init: InitClient;
  /** What the agent has printed so far. */
  output: { stdout: string; stderr: string };
  /** Runs the agent's command to its end. */
  run: (command: string[]) => Promise<AgentExit & { stdout: string; stderr: string }>;
}

export const FAKE_TOKEN = 'obviously-fake-token-of-a-test';

/** Gone at the end of the test. */
export async function realSandbox(options: RealSandboxOptions): Promise<RealSandbox> {
  const { gateway, repoOrigin, image = SANDBOX_IMAGE, env = {}, allow = [], pids = 128, memoryMb = 1024 } = options;
  const docker = connectDocker(process.env['DOCKER_HOST']);
  await ensureSandboxImage({ docker, onProgress: () => undefined });
  const { runDir } = gateway;
  const limits = { cpus: 4, memoryMb, pids, diskMb: 512 };
  const warden = await startTestWarden({ runDir, repoOrigin, images: ['daypass/*', image], limits });
  const runtime = createDockerRuntime({ warden: warden.api, installation: warden.installation, host: warden.host });
  const id = `sbx_${shortId()}`;
  onTestFinished(async () => {
    await runtime.remove(id);
    await warden[Symbol.asyncDispose]();
  });

  const { toolsDir, hostsFile, resolvFile } = warden.host;
  const mounts = { toolsDir, gatewayDir: gatewayDir(runDir, id), hostsFile, resolvFile };
  const resources = { cpus: 2, memoryMb, pids, diskMb: 512 };
  await runtime.create({ sandboxId: id, sessionId: 'ses_test', tokenId: 'tok_test', image, resources, mounts });
  // The warden has made the directory by now, in which the gateway listens.
  await gateway.sandbox(id, allow);
  await runtime.start(id);
  const channel = await runtime.attach(id, 0, AbortSignal.timeout(ATTACH_MS));
  onTestFinished(() => channel.close());
  const output = { stdout: '', stderr: '' };
  const sink = {
    agent: async (stream: 'stdout' | 'stderr', bytes: Uint8Array) => {
      output[stream] += Buffer.from(bytes).toString();
    },
    step: async () => undefined,
    passed: async () => undefined,
  };
  const init = new InitClient(channel, sink, {
    hasAgent: false,
    onStarted: async () => undefined,
    onUsedUp: async () => undefined,
  });
  void init.pump();
  // Which protocol init speaks, among others.
  await init.caughtUp(0);
  const session = aSession();
  const request = { ...session.request, env, network: { allow } };
  const log = { mask: () => undefined };
  await init.setPorts(transparentPorts(allow));
  const repoHost = repoHostOf(repoOrigin);
  await deliverEnvironment(
    { repoHost, masks: createMasks() },
    { ...session, request },
    { init, log },
    grantFor(repoOrigin),
  );
  return {
    id,
    init,
    output,
    async run(command) {
      await init.startAgent('/workspace', command);
      return { ...(await init.exited), ...output };
    },
  };
}

function grantFor(repoOrigin: string): SandboxGrant {
  const access = { env: {}, secretEnv: { REPO_TOKEN: new Secret(FAKE_TOKEN) }, repoOrigin, cloneUrls: {} };
  return { access, secrets: {} };
}
