import { access, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionError } from '../errors.ts';
import { removeFlat } from '../ops/remove-flat.ts';
import { readFileUpTo } from '../ops/read-file.ts';
import { makeDir, makeSharedDir, SHARED_FILE_MODE } from '../ops/shared-dir.ts';
import {
  decisionsDir,
  gatewayDir,
  gatewaysDir,
  policiesDir,
  policyFile,
  sandboxDecisionsDir,
  socketIn,
} from './layout.ts';
import type { NewPolicy } from './policy.ts';

/*
 * How a worker tells the gateway on its host of a sandbox. Its directories can be entered by their owner alone, or by the
 * group of worker and gateway, which may only read the policies; inside a sandbox only its own directory is mounted, and
 * there uid 1000 may use the socket. The warden alone makes the directories of the sockets.
 */

const READY_EVERY_MS = 5;

/** Where worker and gateway meet; made for this user where nobody has made it. Throws with what to do where it may not. */
export async function openPlaces(runDir: string): Promise<void> {
  for (const dir of [policiesDir(runDir), decisionsDir(runDir)]) await makeDir(dir, 0o700);
}

/**
 * Puts the policy of a sandbox in place, whose directory the warden has made; the gateway opens its socket there. Safe to
 * repeat; the policy is then replaced.
 */
export async function openGateway(options: { runDir: string; policy: NewPolicy }): Promise<{ dir: string }> {
  const { runDir, policy } = options;
  const dir = gatewayDir(runDir, policy.sandboxId);
  await openPlaces(runDir);
  await makeSharedDir(sandboxDecisionsDir(runDir, policy.sandboxId), 'write');
  const file = policyFile(runDir, policy.sandboxId);
  await writeFile(temporary(file), textOf(policy), { mode: SHARED_FILE_MODE });
  await rename(temporary(file), file);
  return { dir };
}

/** Whether this very policy is what the gateway finds. */
export async function isInPlace({ runDir, policy }: { runDir: string; policy: NewPolicy }): Promise<boolean> {
  const wanted = textOf(policy);
  const found = await readFileUpTo(policyFile(runDir, policy.sandboxId), Buffer.byteLength(wanted)).catch(() => null);
  return found === wanted;
}

/** Whether anything of a sandbox's way out is there. After a restart of the host nothing is, and the sandbox has ended. */
export async function hasGateway({ runDir, sandboxId }: { runDir: string; sandboxId: string }): Promise<boolean> {
  return (await exists(gatewayDir(runDir, sandboxId))) || (await exists(policyFile(runDir, sandboxId)));
}

/** Resolves when the gateway listens for the sandbox; throws `sandbox_failed` when it does not within the time. */
export async function gatewayReady(dir: string, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!(await exists(socketIn(dir)))) {
    if (Date.now() > until) {
      throw new SessionError(
        'sandbox_failed',
        `The gateway did not open a way out within ${timeoutMs / 1000} s; is it running?`,
      );
    }
    await sleep(READY_EVERY_MS);
  }
}

/**
 * Takes the policy away, and with it every connection of the sandbox; then its directories. Safe to repeat. Throws where
 * the one of its socket is still there and is another user's: the warden removes that, with the sandbox.
 */
export async function closeGateway({ runDir, sandboxId }: { runDir: string; sandboxId: string }): Promise<void> {
  const file = policyFile(runDir, sandboxId);
  await rm(file, { force: true });
  await rm(temporary(file), { force: true });
  for (const dir of [gatewayDir(runDir, sandboxId), sandboxDecisionsDir(runDir, sandboxId)]) await removeFlat(dir);
}

/** Sandboxes that have a policy or a directory. */
export async function listGateways(runDir: string): Promise<string[]> {
  const policies = await readdir(policiesDir(runDir)).catch(emptyIfMissing);
  const dirs = await readdir(gatewaysDir(runDir)).catch(emptyIfMissing);
  const decisions = await readdir(decisionsDir(runDir)).catch(emptyIfMissing);
  const named = policies.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  return [...new Set([...named, ...dirs, ...decisions])];
}

const textOf = (policy: NewPolicy): string => JSON.stringify({ version: 1, ...policy });
const temporary = (file: string): string => `${file}.tmp`;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function emptyIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
