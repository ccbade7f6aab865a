import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import type { Role, Stack } from '../../support/stack.ts';

/** Below the 2 s within which the supervisor has a role that died back. */
const RESTART_AFTER_MS = 300;
export const SUPERVISED: Role[] = ['git-host', 'minter', 'gateway', 'warden', 'worker', 'api'];
const BACK_TIMEOUT_MS = 40_000;

export interface Supervision extends AsyncDisposable {
  /** Ends a role, which comes back once with these settings on top, and without them ever after. */
  restart(role: Role, once?: Record<string, string>): Promise<void>;
  /** How often a role died and was started again. */
  restarts(role: Role): number;
  /** Everything that a role has printed in all of its lives. */
  printed(role: Role): string;
}

/** Starts each role again that ends, as the product's own supervisor does. `always` holds settings of single roles. */
export function supervise(stack: Stack, always: Partial<Record<Role, Record<string, string>>>): Supervision {
  const closing = new AbortController();
  const next = new Map<Role, Record<string, string>>();
  const restarts = new Map<Role, number>();
  const lives = new Map(SUPERVISED.map((role) => [role, [stack.process(role).lines()]]));

  const keep = async (role: Role): Promise<void> => {
    for (;;) {
      await Promise.race([stack.process(role).exited, aborted(closing.signal)]);
      if (closing.signal.aborted) return;
      await sleep(RESTART_AFTER_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      const once = next.get(role);
      next.delete(role);
      try {
        await stack.start(role, { ...always[role], ...once });
        lives.get(role)?.push(stack.process(role).lines());
        restarts.set(role, (restarts.get(role) ?? 0) + 1);
      } catch {
        // It died before it was ready, as it does while Redis is away: it is started again.
      }
    }
  };
  const kept = SUPERVISED.map(keep);
  return {
    async restart(role, once = {}) {
      const before = restarts.get(role) ?? 0;
      next.set(role, once);
      await stack.stop(role);
      await eventually(
        () => restarts.get(role) ?? 0,
        (count) => count > before,
        { timeoutMs: BACK_TIMEOUT_MS },
      );
    },
    restarts: (role) => restarts.get(role) ?? 0,
    printed: (role) => (lives.get(role) ?? []).flat().join('\n'),
    async [Symbol.asyncDispose]() {
      closing.abort();
      // One that is just being started is waited for, so that the stack's end finds it.
      await Promise.all(kept);
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
