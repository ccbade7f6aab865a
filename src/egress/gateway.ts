import { watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { describe } from '../errors.ts';
import type { Logger } from '../ops/log.ts';
import { AS_IT_LIES, FileTooLong, readFileUpTo } from '../ops/read-file.ts';
import { makeDir } from '../ops/shared-dir.ts';
import { parseNetworkRule } from '../session/network-rule.ts';
import type { Resolve, Rules } from './decide.ts';
import { dial as dialBySystem, type Dial } from './dial.ts';
import { gatewayDir, gatewaysDir, policiesDir, policyFile, sandboxDecisionsDir, socketIn } from './layout.ts';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits/limits.ts';
import { createReachable } from './own-addresses.ts';
import { parsePolicy, type SandboxPolicy } from './policy.ts';
import type { HandlersFor } from './request-handler.ts';
import { cached } from './resolve-cache.ts';
import { createResolve, resolveBySystem } from './resolve.ts';
import { openSandboxGateway, type SandboxGateway } from './sandbox-gateway.ts';
import { parseTarget, type Target } from './target.ts';

/**
 * The file system's notice of a change can be lost, so the policies are looked at this often anyway: what is not allowed any
 * more is cut within 2 s.
 */
export const RESCAN_MS = 750;
/** Far more than the rules of a session have. */
const MAX_POLICY_BYTES = 1024 ** 2;
/** Policies that could not be looked at for so long are not followed. */
const BLIND_MS = 5_000;

export interface GatewayOptions {
  runDir: string;
  /** Such as `http://127.0.0.1:7080`. */
  repoOrigin: string;
  limits?: GatewayLimits;
  /** Addresses that no sandbox reaches, though they are public: `1.2.3.4` or `1.2.3.0/24`. */
  deniedAddresses?: string[];
  log: Logger;
  /** Who answers requests of a sandbox here in the gateway. */
  handlersFor?: HandlersFor<SandboxPolicy>;
  /** Called when a sandbox's policy is gone. */
  onGone?: (sandboxId: string) => void;
  resolve?: Resolve;
  dial?: Dial;
  /** This machine's. */
  ownAddresses?: () => string[];
  /** How often the policies are looked at without a notice of a change. */
  rescanMs?: number;
}

export interface Gateway {
  /** Why it cannot do its work; null when it can. */
  problem(): string | null;
  close(): Promise<void>;
}

interface OpenOne {
  gateway: SandboxGateway;
  /** The policy file as it was read. */
  text: string;
}

/**
 * Serves one socket per policy file: opened when a policy appears, its rules changed with it, closed when it goes. A
 * policy that cannot be read has no socket.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { runDir, log, limits = DEFAULT_LIMITS, dial = dialBySystem, handlersFor = () => [] } = options;
  const { resolve = createResolve(), deniedAddresses = [], rescanMs = RESCAN_MS } = options;
  const isReachable = createReachable(deniedAddresses, options.ownAddresses);
  const repoHost = targetOf(options.repoOrigin);
  const open = new Map<string, OpenOne>();
  const broken = new Map<string, string>();
  let lookedAt = performance.now();
  for (const dir of [policiesDir(runDir), gatewaysDir(runDir)]) await makeDir(dir, 0o700);

  const closeOne = async (sandboxId: string, reason?: string): Promise<void> => {
    const found = open.get(sandboxId);
    open.delete(sandboxId);
    options.onGone?.(sandboxId);
    await found?.gateway.close(reason);
  };

  /** For a policy that cannot be used. `text` tells it from the next one. */
  const shut = async (sandboxId: string, text: string, error: unknown): Promise<void> => {
    if (broken.get(sandboxId) === text) return;
    broken.set(sandboxId, text);
    await closeOne(sandboxId, 'the rules of this session cannot be read');
    log.error({ sandboxId, reason: describe(error) }, 'a policy cannot be used; its sandbox has no way out');
  };

  const follow = async (sandboxId: string): Promise<void> => {
    let text: string | null;
    try {
      text = await readFileUpTo(policyFile(runDir, sandboxId), MAX_POLICY_BYTES, AS_IT_LIES).catch(unlessMissing);
    } catch (error) {
      if (!(error instanceof FileTooLong)) throw error;
      return shut(sandboxId, error.message, error);
    }
    // The session has ended since the directory was read.
    if (text === null) return closeOne(sandboxId);
    const known = open.get(sandboxId);
    if (known?.text === text || broken.get(sandboxId) === text) return;
    let policy: SandboxPolicy;
    try {
      policy = parsePolicy(text, sandboxId);
    } catch (error) {
      return shut(sandboxId, text, error);
    }
    broken.delete(sandboxId);
    const { sessionId } = policy;
    const handlers = handlersFor(policy);
    // One that is served here from now on is reached in no other way, nor by what was opened before.
    const isServed = handlers.some((handler) => handler.serves(repoHost));
    const rules: Rules = { repoHost: isServed ? null : repoHost, allow: policy.allow.map(parseNetworkRule) };
    if (known === undefined) {
      const socket = socketIn(gatewayDir(runDir, sandboxId));
      const gateway = await openSandboxGateway({
        socket,
        decisionsDir: sandboxDecisionsDir(runDir, sandboxId),
        sessionId,
        rules,
        handlers,
        limits,
        names: { resolve: cached(resolve), resolveRepoHost: cached(resolveBySystem), isReachable },
        dial,
        log,
      });
      open.set(sandboxId, { gateway, text });
    } else {
      known.gateway.setRules(rules, handlers);
      known.text = text;
    }
  };

  const scan = async (): Promise<void> => {
    const files = (await readdir(policiesDir(runDir))).filter((name) => name.endsWith('.json'));
    const wanted = new Set(files.map((name) => name.slice(0, -'.json'.length)));
    for (const sandboxId of open.keys()) if (!wanted.has(sandboxId)) await closeOne(sandboxId);
    for (const sandboxId of broken.keys()) if (!wanted.has(sandboxId)) broken.delete(sandboxId);
    for (const sandboxId of wanted) {
      await follow(sandboxId).catch((error: unknown) => {
        log.warn({ err: error, sandboxId }, 'could not follow a policy; it is tried again');
      });
    }
    lookedAt = performance.now();
  };

  const scans = oneAtATime(scan, (error) => log.error({ err: error }, 'could not look at the policies'));
  const watcher = watch(policiesDir(runDir), scans.request);
  watcher.on('error', (error) => log.error({ err: error }, 'changes of policies are no longer noticed at once'));
  const timer = setInterval(scans.request, rescanMs);
  scans.request();
  await scans.idle();
  return {
    problem() {
      const blindMs = performance.now() - lookedAt;
      return blindMs < BLIND_MS ? null : `the policies could not be looked at for ${Math.round(blindMs / 1_000)} s`;
    },
    async close() {
      watcher.close();
      clearInterval(timer);
      await scans.idle();
      for (const sandboxId of open.keys()) await closeOne(sandboxId);
    },
  };
}

/** Runs the work again for every request that came while it ran, never twice at once. */
function oneAtATime(work: () => Promise<void>, onError: (error: unknown) => void) {
  let running: Promise<void> | null = null;
  let again = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await work().catch(onError);
    } while (again);
    running = null;
  };
  return {
    request: (): void => {
      if (running === null) running = run();
      else again = true;
    },
    idle: async (): Promise<void> => {
      await running;
    },
  };
}

function targetOf(origin: string): Target {
  const { hostname, port, protocol } = new URL(origin);
  const target = parseTarget(`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`);
  if (target === null) throw new Error(`${origin} is no address of a repo host`);
  return target;
}

function unlessMissing(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT') throw error;
  return null;
}
