import { closeGateway, listGateways } from '../../src/egress/policy-files.ts';
import { unsettledSessions } from '../../src/store/listing.ts';
import { readSessionIfReadable } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';

/**
 * Removes what no session names any more: containers with our labels, such as one that was created while its session
 * ended, and ways out without a sandbox. What an ended session still names is left to `settleSession`.
 *
 * What stands is listed before the records are read: a sandbox is in its session's record before it or its way out
 * exists, so one that is just being made, by whatever worker, is never taken for a stray.
 */
export async function reconcileSandboxes(deps: WorkerDeps): Promise<void> {
  const { runtime, config } = deps;
  const [sandboxes, gateways] = await Promise.all([runtime.list(), listGateways(config.runDir)]);
  const named = await namedSandboxes(deps);
  // One that cannot be removed holds up no other.
  const each = (sandboxId: string, remove: () => Promise<void>): Promise<void> =>
    remove().catch((error: unknown) => {
      deps.log.warn({ err: error, sandboxId }, 'a sandbox of no session could not be removed; it is tried again');
    });
  for (const { sandboxId, sessionId } of sandboxes) {
    // One that is run here is known by more than its record, which the store may have lost.
    if (!named.has(sandboxId) && !deps.running.has(sessionId)) await each(sandboxId, () => runtime.remove(sandboxId));
  }
  const standing = new Set(sandboxes.map(({ sandboxId }) => sandboxId));
  for (const sandboxId of gateways) {
    if (named.has(sandboxId)) continue;
    await each(sandboxId, async () => {
      // A directory of its socket that a removal has left, cut off in between, may be the warden's to remove.
      if (!standing.has(sandboxId)) await runtime.remove(sandboxId);
      await closeGateway({ runDir: config.runDir, sandboxId });
    });
  }
}

/** Sandboxes that a session has and that are not removed yet. A record that cannot be read names none. */
async function namedSandboxes({ redis }: WorkerDeps): Promise<Set<string>> {
  const sessions = await Promise.all((await unsettledSessions(redis)).map((id) => readSessionIfReadable(redis, id)));
  return new Set(sessions.flatMap((found) => (found?.sandbox && !found.sandbox.removedAt ? [found.sandbox.id] : [])));
}
