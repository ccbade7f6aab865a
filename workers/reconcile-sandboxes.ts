import { closeGateway, listGateways } from '../src/egress/policy-files.ts';
import { isEnded } from '../src/session/status.ts';
import { readSession } from '../src/store/records.ts';
import type { WorkerDeps } from './deps.ts';

/**
 * Removes what no living session names: containers with our labels, such as one that was created while its session
 * ended, and ways out whose sandbox is gone. What an ended session still names is left to `settleSession`.
 */
export async function reconcileSandboxes(deps: WorkerDeps): Promise<void> {
  const standing = new Set<string>();
  for (const { sandboxId, sessionId } of await deps.runtime.list()) {
    if (await isNamed(deps, sandboxId, sessionId)) standing.add(sandboxId);
    else await deps.runtime.remove(sandboxId);
  }
  const starting = await startingHere(deps);
  for (const sandboxId of await listGateways(deps.config.runDir)) {
    const wanted = standing.has(sandboxId) || starting.has(sandboxId);
    if (!wanted) await closeGateway({ runDir: deps.config.runDir, sandboxId });
  }
}

async function isNamed({ redis }: WorkerDeps, sandboxId: string, sessionId: string): Promise<boolean> {
  const session = await readSession(redis, sessionId);
  if (session?.sandbox?.id !== sandboxId) return false;
  return !isEnded(session.status) || session.sandbox.removedAt === null;
}

/** A way out is there before its container. */
async function startingHere({ redis, running }: WorkerDeps): Promise<Set<string>> {
  const sessions = await Promise.all([...running].map((sessionId) => readSession(redis, sessionId)));
  return new Set(sessions.flatMap((session) => (session?.sandbox ? [session.sandbox.id] : [])));
}
