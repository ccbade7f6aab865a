import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '../../src/ops/failpoints.ts';
import { LogTakenOver } from '../../src/logs/log-appender.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { WorkerDeps } from '../deps.ts';
import type { AgentExit } from '../init-client.ts';
import { Leave } from '../leave.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** Init kills everything and drains the pipes within milliseconds, unless it is paused or gone. */
const INIT_KILLS_MS = 2_000;
/** What is still on its way when a sandbox has ended must arrive within this time. */
const DRAIN_TIMEOUT_MS = 5_000;
/** Init is gone, and the engine hears of it within milliseconds. */
const ENGINE_LEARNS_MS = 3_000;
const LOOK_EVERY_MS = 10;
/** The minter answers earlier, when the provider does not; it goes on by itself. */
const REVOKE_TIMEOUT_MS = 20_000;

/**
 * Ends whatever still runs in the sandbox and waits until its last line is in the log. Says whether the kernel killed
 * something in it for want of memory. Throws only `Leave`: the session must end, and what is left is removed later.
 */
export async function closeSandbox(
  { runtime, minter, log }: WorkerDeps,
  { tokenId }: Pick<SessionRecord, 'tokenId'>,
  sandbox: OpenSandbox,
  exit: AgentExit | null,
): Promise<boolean> {
  const kill = (): Promise<void> =>
    runtime.signal(sandbox.id, 'SIGKILL').catch((error: unknown) => {
      log.warn({ err: error, sandboxId: sandbox.id }, 'could not end the sandbox; it is tried again');
    });
  // After its agent, init ends by itself. Told to, it loses nothing; the engine needs not answer for that.
  if (exit === null) {
    await sandbox.init.stop('KILL').catch(() => undefined);
    if (!(await within(INIT_KILLS_MS, sandbox.drained))) await kill();
  }
  const complete = await within(DRAIN_TIMEOUT_MS, sandbox.drained);
  const stored = storeRest(sandbox.log, complete);
  // A disk that is full is waited for, so that no line is lost; but the token does not wait with it.
  if (tokenId !== null && !(await within(DRAIN_TIMEOUT_MS, stored))) {
    await minter.revoke(tokenId, AbortSignal.timeout(REVOKE_TIMEOUT_MS)).catch((error: unknown) => {
      log.warn({ err: error, tokenId }, 'the token is not deleted yet; it is tried again');
    });
  }
  await stored;
  sandbox.close();
  await failpoint('worker.log_drained');
  return exit?.exitCode === 0 ? false : ranOutOfMemory(runtime, sandbox.id);
}

async function storeRest(log: OpenSandbox['log'], complete: boolean): Promise<void> {
  try {
    await log.close({ complete });
  } catch (error) {
    throw error instanceof LogTakenOver ? new Leave('superseded') : error;
  }
}

/** Asked once it has ended, as the engine knows it: it hears of a lack of memory on another way, but before that. */
async function ranOutOfMemory(runtime: WorkerDeps['runtime'], sandboxId: string): Promise<boolean> {
  const until = Date.now() + ENGINE_LEARNS_MS;
  for (;;) {
    const state = await runtime.inspect(sandboxId).catch(() => null);
    if (!state?.running || Date.now() > until) return state?.outOfMemory ?? false;
    await sleep(LOOK_EVERY_MS);
  }
}

async function within(timeoutMs: number, done: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), timeoutMs);
  try {
    return await Promise.race([done.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
