import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerDeps } from './deps.ts';
import { reconcileSandboxes } from './reconcile-sandboxes.ts';
import { reconcileSessions } from './reconcile-sessions.ts';
import { reconcileTokens } from './reconcile-tokens.ts';

const EVERY_MS = 3_000;

const PARTS = { sessions: reconcileSessions, tokens: reconcileTokens, sandboxes: reconcileSandboxes };

/**
 * Looks at everything that is not settled, at the start and every few seconds, and puts right what an event, a timer or
 * a process that died has left. Every part each time, so that trouble with one does not hold up the others.
 */
export async function runReconciler(deps: WorkerDeps, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    for (const [part, reconcile] of Object.entries(PARTS)) {
      await reconcile(deps).catch((error: unknown) => {
        deps.log.warn({ err: error, part }, 'could not look after what is left; it is tried again');
      });
    }
    await sleep(EVERY_MS, undefined, { signal: closing }).catch(() => undefined);
  }
}
