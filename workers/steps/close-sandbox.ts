import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { WorkerDeps } from '../deps.ts';
import { exhaustionKey } from '../../src/session/exhaustion.ts';
import type { Shortage } from '../ending.ts';
import type { AgentExit } from '../init-client.ts';
import { killSandbox } from '../kill-sandbox.ts';
import { revokeTokens } from '../revoke-tokens.ts';
import { within } from '../within.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** What is still on its way when a sandbox has ended must arrive within this time. */
const DRAIN_TIMEOUT_MS = 5_000;
/** Init is gone, and the engine hears of it within milliseconds. */
const ENGINE_LEARNS_MS = 3_000;
const LOOK_EVERY_MS = 10;
/** The minter answers earlier, when the provider does not; it goes on by itself. */
const REVOKE_TIMEOUT_MS = 20_000;

/**
 * Ends whatever still runs in the sandbox and waits until its last line is in the log. Says what it had too little of, if
 * that can be why it ended. Throws only `Leave`: the session must end, and what is left is removed later.
 */
export async function closeSandbox(
  deps: WorkerDeps,
  session: Pick<SessionRecord, 'id' | 'tokenId' | 'formerTokenIds'>,
  sandbox: OpenSandbox,
  exit: AgentExit | null,
): Promise<Shortage | null> {
  // After its agent, init ends by itself.
  if (exit === null) await killSandbox(deps, sandbox);
  const revoke = revokeOnce(deps, session);
  let complete = await within(DRAIN_TIMEOUT_MS, sandbox.drained);
  if (!complete) {
    await revoke();
    // Init is gone and says no more: the rest is there to be read, and waits for a disk that is full.
    if (sandbox.isClosed) complete = await sandbox.drained.then(() => true);
  }
  const stored = sandbox.log.close({ complete });
  if (!(await within(DRAIN_TIMEOUT_MS, stored))) await revoke();
  await stored;
  await sandbox.decisions.finish();
  sandbox.close();
  await failpoint('worker.log_drained');
  return findShortage(deps, sandbox, exit);
}

/** For an end that takes long, so that no line is lost: the token does not wait with it. */
function revokeOnce(
  deps: WorkerDeps,
  session: Pick<SessionRecord, 'id' | 'tokenId' | 'formerTokenIds'>,
): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    isDone = true;
    await revokeTokens(deps, session, REVOKE_TIMEOUT_MS).catch((error: unknown) => {
      deps.log.warn({ err: error, sessionId: session.id }, 'the token is not deleted yet; it is tried again');
    });
  };
}

/** Init knows best. Where it is gone without a word, or cannot see it, the engine may know of memory. */
async function findShortage(
  deps: WorkerDeps,
  { id, init }: OpenSandbox,
  exit: AgentExit | null,
): Promise<Shortage | null> {
  const ranOut = (key: string): boolean => init.usedUp.some((usedUp) => exhaustionKey(usedUp) === key);
  if (exit !== null && exit.killedFor !== 'unknown') return exit.killedFor;
  if (exit === null && ranOut('memory')) return 'memory';
  if (exit === null && ranOut('disk /workspace')) return 'disk';
  return (await ranOutOfMemory(deps, id)) ? 'memory' : null;
}

/**
 * Asked once it has ended, as the engine knows it: it hears of a lack of memory on another way, but before that. An engine
 * that does not answer is not waited for.
 */
async function ranOutOfMemory({ runtime }: WorkerDeps, sandboxId: string): Promise<boolean> {
  const until = Date.now() + ENGINE_LEARNS_MS;
  const late = sleep(ENGINE_LEARNS_MS).then(() => null);
  for (;;) {
    const state = await Promise.race([runtime.inspect(sandboxId).catch(() => null), late]);
    if (!state?.running || Date.now() > until) return state?.outOfMemory ?? false;
    await sleep(LOOK_EVERY_MS);
  }
}
