import { SessionError } from '../../src/errors.ts';
import { failpoint } from '../../src/ops/failpoints.ts';
import { isOwnFault } from '../../src/ops/own-fault.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { aborted } from '../aborted.ts';
import { startExitCode } from '../ending.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';
import { Leave } from '../leave.ts';
import type { AgentExit } from '../init-client.ts';
import { killSandbox } from '../kill-sandbox.ts';
import type { Life } from '../life.ts';
import { retryWhileAway } from '../retry-while-away.ts';
import { revokeTokens } from '../revoke-tokens.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** How long the engine may take to end a sandbox that it was told to kill. */
const KILL_TIMEOUT_MS = 15_000;
/** A provider that does not answer must not keep a stop from reaching the agent. */
const REVOKE_FIRST_MS = 5_000;

/**
 * Waits for the agent to end, by itself or made to by a stop or the deadline: SIGTERM, then SIGKILL when its grace is
 * over. Throws `sandbox_failed` when it was ended from outside, `engine_unavailable` when it could not be ended.
 */
export async function awaitExit(
  deps: WorkerDeps,
  session: SessionRecord,
  sandbox: OpenSandbox,
  life: Life,
): Promise<AgentExit> {
  const exited = sandbox.init.exited.catch((error: unknown) => explain(deps, sandbox, life, error));
  const stopped = stopWhenAsked(deps, session, sandbox, life);
  // Whichever comes first; an agent that is stopped ends through `exited` too.
  const exit = await Promise.race([exited, stopped]);
  await failpoint('worker.exit_seen');
  return exit;
}

async function stopWhenAsked(
  deps: WorkerDeps,
  session: SessionRecord,
  sandbox: OpenSandbox,
  life: Life,
): Promise<never> {
  await aborted(life.signal);
  if (life.cause?.tokenFirst) {
    await revokeTokens(deps, session, REVOKE_FIRST_MS).catch((error: unknown) => {
      deps.log.warn({ err: error, sessionId: session.id }, 'the token is not deleted yet; it is tried again');
    });
  }
  // Init that has ended takes no orders, and needs none.
  await sandbox.init.stop('TERM').catch(() => undefined);
  // Beside it: a store that takes no writes must not keep the agent alive.
  markStopping(deps, session, life).catch((error: unknown) => {
    deps.log.warn({ err: error, sessionId: session.id }, 'could not write down that the session is stopping');
  });
  await aborted(life.graceOver);
  await killSandbox(deps, sandbox);
  await sleep(KILL_TIMEOUT_MS);
  // It has ended: what it said is on its way, however long a full disk takes.
  if (sandbox.isClosed) return Promise.withResolvers<never>().promise;
  throw new SessionError('engine_unavailable', `Docker has not ended the sandbox within ${KILL_TIMEOUT_MS / 1000} s`);
}

async function markStopping(deps: WorkerDeps, session: SessionRecord, life: Life): Promise<void> {
  await changeHeld(deps, session, ({ session: now }) =>
    now.status === 'running'
      ? {
          session: { ...now, status: 'stopping' },
          events: [{ type: 'stopping', detail: { reason: life.cause?.kind } }],
        }
      : null,
  );
}

/** Init is gone without a word of its agent's end: the engine knows more. */
async function explain({ runtime }: WorkerDeps, { id }: OpenSandbox, life: Life, cause: unknown): Promise<AgentExit> {
  // Neither is an end: somebody newer holds the sandbox, or its command was never there.
  await life.confirm();
  if (cause instanceof Leave || isOwnFault(cause)) throw cause;
  if (cause instanceof SessionError && startExitCode(cause.code) !== null) throw cause;
  const state = await retryWhileAway('engine_unavailable', life.signal, () => runtime.inspect(id));
  if (state === null) throw new SessionError('sandbox_failed', 'The sandbox was removed from outside', { cause });
  if (state.running) throw new Leave('cut_off', { cause });
  const said = cause instanceof SessionError ? cause.message : '';
  const message = `The sandbox was ended from outside (exit ${state.exitCode})`;
  throw new SessionError('sandbox_failed', message, { said, cause });
}

function sleep(timeoutMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeoutMs).unref());
}
