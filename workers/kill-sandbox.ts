import type { WorkerDeps } from './deps.ts';
import type { OpenSandbox } from './steps/open-sandbox.ts';
import { within } from './within.ts';

/** Init kills everything and drains the pipes within milliseconds, unless it is paused or gone. */
const INIT_KILLS_MS = 2_000;
/** An engine that takes longer does not answer; it may still do it. */
const ENGINE_KILLS_MS = 5_000;

/**
 * Ends everything in the sandbox. By its init, which loses nothing of what was said and needs no engine; where that does
 * not hear, by the engine. Never throws: what is left is removed later.
 */
export async function killSandbox(
  { runtime, log }: Pick<WorkerDeps, 'runtime' | 'log'>,
  { id, init, drained }: OpenSandbox,
): Promise<void> {
  await init.stop('KILL').catch(() => undefined);
  if (await within(INIT_KILLS_MS, drained)) return;
  const killed = runtime.signal(id, 'SIGKILL').catch((error: unknown) => {
    log.warn({ err: error, sandboxId: id }, 'the sandbox could not be killed; it is tried again');
  });
  await within(ENGINE_KILLS_MS, killed);
}
