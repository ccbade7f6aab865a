import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { dial } from '../../../src/egress/dial.ts';
import type { Credential } from '../../../src/egress/git/credentials.ts';
import { createGitHandlers } from '../../../src/egress/git/git-handler.ts';
import type { GitPolicy } from '../../../src/egress/git/policy.ts';
import type { Pace } from '../../../src/egress/git/patience.ts';
import { openSharedGit } from '../../../src/egress/git/shared-git.ts';
import { createUpstream } from '../../../src/egress/git/upstream.ts';
import { openGitClient, type GitClient } from '../../git-host/support/git-client.ts';
import { gatewayRig, placePolicy, serve, tunnelTo, type RigOptions } from '../support/rig.ts';

export interface GitGatewayRig {
  /** The origin under which a sandbox asks for git. */
  url: string;
  client: GitClient;
  /** `git push refs/heads/main refused: …`, in order. */
  decisions(): Promise<string[]>;
  /** How often the minter was asked. */
  asked(): number;
  /** Names of what lies in the scratch directory now. */
  scratch(): Promise<string[]>;
  /** A policy in place of the one before. */
  policy(git: GitPolicy): Promise<void>;
}

export interface GitGatewayOptions {
  limits?: RigOptions['limits'];
  /** With scheme and port. */
  repoOrigin: string;
  git: GitPolicy;
  ask: () => Promise<Credential>;
  pushCheckBytes?: number;
  pace?: Pace;
  /** How long a connection to the repo host takes besides. */
  dialMs?: number;
}

const SANDBOX = 'sbx_git';

/** A gateway with one sandbox, whose init is a bridge from TCP to the sandbox's socket. */
export async function gitGatewayRig(options: GitGatewayOptions): Promise<GitGatewayRig> {
  const { hostname, port } = new URL(options.repoOrigin);
  const scratchDir = await mkdtemp(join(tmpdir(), 'daypass-pushes-'));
  onTestFinished(() => rm(scratchDir, { recursive: true, force: true }));
  let asked = 0;
  const handlers = createGitHandlers({
    repoHost: { host: hostname, port: Number(port) },
    ask: () => {
      asked++;
      return options.ask();
    },
    shared: await openSharedGit({
      upstream: createUpstream(async () => {
        await sleep(options.dialMs ?? 0);
        return dial([hostname === 'localhost' ? '127.0.0.1' : hostname], Number(port));
      }),
      scratchDir,
      pushCheckBytes: options.pushCheckBytes ?? 64 * 1024 * 1024,
      ...(options.pace && { pace: options.pace }),
    }),
    log: pino({ level: 'silent' }),
  });
  const gateway = await gatewayRig({
    repoPort: Number(port),
    handlersFor: handlers.handlersFor,
    ...(options.limits && { limits: options.limits }),
  });
  await gateway.start();
  const place = async (git: GitPolicy): Promise<void> => {
    const policy = { sandboxId: SANDBOX, sessionId: 'ses_git', allow: [], git };
    await placePolicy(gateway.runDir, policy);
  };
  await place(options.git);
  const socket = await gateway.sandbox(SANDBOX).then(async (path) => {
    // The rig's own policy has no git.
    await place(options.git);
    return path;
  });
  const bridgePort = await serve(
    createServer({ allowHalfOpen: true }, (client) => {
      void bridge(client, socket);
    }),
  );
  const client = await openGitClient();
  onTestFinished(() => client[Symbol.asyncDispose]());
  return {
    url: `http://127.0.0.1:${bridgePort}`,
    client,
    decisions: async () =>
      (await gateway.decisions(SANDBOX)).map(({ verdict, reason }) =>
        verdict === 'allowed' ? `${reason} allowed` : String(reason),
      ),
    asked: () => asked,
    scratch: () => readdir(scratchDir),
    policy: place,
  };
}

async function bridge(client: Socket, path: string): Promise<void> {
  const tunnel = await tunnelOver(path);
  client.pipe(tunnel).pipe(client);
  client.on('close', () => tunnel.destroy());
  // What was read from it may still be on its way.
  tunnel.on('close', () => client.destroySoon());
}

async function tunnelOver(socket: string): Promise<Socket> {
  for (;;) {
    try {
      return await tunnelTo(socket, 'git.daypass.internal:80');
    } catch {
      // The policy with git is a moment away.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
