import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerDeps } from './deps.ts';
import { reconcileSandboxes } from './reconcile-sandboxes.ts';
import { createSessionReconciler } from './reconcile-sessions.ts';
import { reconcileTokens } from './reconcile-tokens.ts';

const EVERY_MS = 3_000;

/**
 * Looks at everything that is not settled, at the start and every few seconds, and puts right what an event, a timer or
 * a process that died has left. Each part in a loop of its own: an engine that does not answer must not keep tokens alive.
 */
export async function runReconciler(deps: WorkerDeps, closing: AbortSignal): Promise<void> {
  const repeat = async (part: string, reconcile: (deps: WorkerDeps) => Promise<void>): Promise<void> => {
    while (!closing.aborted) {
      await reconcile(deps).catch((error: unknown) => {
        deps.log.warn({ err: error, part }, 'could not look after what is left; it is tried again');
      });
      await sleep(EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
    }
  };
  const parts = { sessions: createSessionReconciler(), tokens: reconcileTokens, sandboxes: reconcileSandboxes };
  await Promise.all(Object.entries(parts).map(([part, reconcile]) => repeat(part, reconcile)));
}
