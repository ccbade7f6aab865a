import type { WorkerDeps } from '../deps.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** What is still on its way when a sandbox has ended must arrive within this time. */
const DRAIN_TIMEOUT_MS = 5_000;

/**
 * Ends whatever still runs in the sandbox and waits until its last line is in the log. Says whether the kernel killed
 * something in it for want of memory. Never throws: the session must end, and what is left is removed later.
 */
export async function closeSandbox(deps: WorkerDeps, sandbox: OpenSandbox): Promise<boolean> {
  const state = await deps.runtime.inspect(sandbox.id).catch(() => null);
  if (state?.running !== false) {
    await deps.runtime.signal(sandbox.id, 'SIGKILL').catch((error: unknown) => {
      deps.log.warn({ err: error, sandboxId: sandbox.id }, 'could not end the sandbox; it is tried again');
    });
  }
  const timeout = new Promise((resolve) => setTimeout(resolve, DRAIN_TIMEOUT_MS).unref());
  await Promise.race([sandbox.drained, timeout]);
  await sandbox.log.close();
  sandbox.close();
  return state?.outOfMemory ?? false;
}
