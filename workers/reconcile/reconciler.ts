import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerDeps } from '../deps.ts';
import { reconcileSandboxes } from './sandboxes.ts';
import { createSessionReconciler } from './sessions.ts';
import { reconcileTokens } from './tokens.ts';
import { createRetention } from './retention.ts';
import { createMender } from './unreadable.ts';

const EVERY_MS = 3_000;
/** Things are kept for hours and days. */
const RETENTION_EVERY_MS = 5 * 60_000;

interface Part {
  reconcile: (deps: WorkerDeps) => Promise<void>;
  everyMs: number;
}

function parts(): Record<string, Part> {
  return {
    sessions: { reconcile: createSessionReconciler(), everyMs: EVERY_MS },
    tokens: { reconcile: reconcileTokens, everyMs: EVERY_MS },
    sandboxes: { reconcile: reconcileSandboxes, everyMs: EVERY_MS },
    unreadable: { reconcile: createMender(), everyMs: RETENTION_EVERY_MS },
    retention: { reconcile: createRetention(), everyMs: RETENTION_EVERY_MS },
  };
}

/**
 * Looks at everything that is not settled, at the start and every few seconds, and puts right what an event, a timer or
 * a process that died has left. Each part in a loop of its own: an engine that does not answer must not keep tokens alive.
 */
export async function runReconciler(deps: WorkerDeps, closing: AbortSignal): Promise<void> {
  const repeat = async (part: string, { reconcile, everyMs }: Part): Promise<void> => {
    while (!closing.aborted) {
      await reconcile(deps).catch((error: unknown) => {
        deps.log.warn({ err: error, part }, 'could not look after what is left; it is tried again');
      });
      await sleep(everyMs, undefined, { signal: closing }).catch(() => undefined);
    }
  };
  await Promise.all(Object.entries(parts()).map(([name, part]) => repeat(name, part)));
}
