import type { WorkerDeps } from '../deps.ts';
import { killSandbox } from '../kill-sandbox.ts';
import { within } from '../within.ts';
import type { OpenSandbox } from './open-sandbox.ts';

const CLOSE_MS = 2_000;

/**
 * Leaves a sandbox whose session cannot be ended in order: nothing goes on in it, and this worker holds nothing of it any
 * more. What it had said and is not in the log yet is lost, and the log says so. Never throws; whoever settles the session
 * removes it.
 */
export async function abandonSandbox(deps: Pick<WorkerDeps, 'runtime' | 'log'>, sandbox: OpenSandbox): Promise<void> {
  await killSandbox(deps, sandbox);
  sandbox.close();
  await within(CLOSE_MS, sandbox.log.close({ complete: false })).catch(() => undefined);
}
