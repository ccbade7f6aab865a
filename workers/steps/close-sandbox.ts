import { failpoint } from '../../src/ops/failpoints.ts';
import type { WorkerDeps } from '../deps.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** What is still on its way when a sandbox has ended must arrive within this time. */
const DRAIN_TIMEOUT_MS = 5_000;

/**
 * Ends whatever still runs in the sandbox and waits until its last line is in the log. Says whether the kernel killed
 * something in it for want of memory. Never throws: the session must end, and what is left is removed later.
 */
export async function closeSandbox(
  { runtime, log }: WorkerDeps,
  sandbox: OpenSandbox,
  { agentExited }: { agentExited: boolean },
): Promise<boolean> {
  const kill = (): Promise<void> =>
    runtime.signal(sandbox.id, 'SIGKILL').catch((error: unknown) => {
      log.warn({ err: error, sandboxId: sandbox.id }, 'could not end the sandbox; it is tried again');
    });
  // After its agent, init ends by itself.
  if (!agentExited) await kill();
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), DRAIN_TIMEOUT_MS);
  const complete = await Promise.race([sandbox.drained.then(() => true), late.promise]);
  clearTimeout(timer);
  await sandbox.log.close({ complete });
  await failpoint('worker.log_drained');
  sandbox.close();
  // Asked only now: the engine hears of a lack of memory on another way than of the exit, but before it.
  const state = await runtime.inspect(sandbox.id).catch(() => null);
  if (state?.running) await kill();
  return state?.outOfMemory ?? false;
}
