import { once } from 'node:events';
import { SessionError } from '../../src/errors.ts';
import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { change } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import type { AgentExit } from '../init-client.ts';
import type { Life } from '../life.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** How long the engine may take to end a sandbox that it was told to kill. */
const KILL_TIMEOUT_MS = 15_000;
/** A provider that does not answer must not keep a stop from reaching the agent. */
const REVOKE_FIRST_MS = 5_000;

/**
 * Waits for the agent to end, by itself or made to by a stop or the deadline: SIGTERM, then SIGKILL when its grace is
 * over. Throws `engine_unavailable` when the engine does not end it.
 */
export async function awaitExit(
  deps: WorkerDeps,
  session: SessionRecord,
  sandbox: OpenSandbox,
  life: Life,
): Promise<AgentExit> {
  const exited = sandbox.init.exited.catch((error: unknown) => askEngine(deps, sandbox, error));
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
  if (life.cause?.tokenFirst && session.tokenId !== null) {
    await deps.minter.revoke(session.tokenId, AbortSignal.timeout(REVOKE_FIRST_MS)).catch((error: unknown) => {
      deps.log.warn({ err: error, sessionId: session.id }, 'the token is not deleted yet; it is tried again');
    });
  }
  await change(deps.redis, { sessionId: session.id }, (view) =>
    view.session?.status === 'running'
      ? {
          session: { ...view.session, status: 'stopping' },
          events: [{ type: 'stopping', detail: { reason: life.cause?.kind } }],
        }
      : null,
  );
  // An engine that is away must not keep the grace from running out, nor the session from ending.
  const signal = (name: 'SIGTERM' | 'SIGKILL'): Promise<void> =>
    deps.runtime.signal(sandbox.id, name).catch((error: unknown) => {
      deps.log.warn({ err: error, sessionId: session.id, signal: name }, 'the sandbox could not be signalled');
    });
  void signal('SIGTERM');
  await aborted(life.graceOver);
  await signal('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, KILL_TIMEOUT_MS).unref());
  throw new SessionError('engine_unavailable', `Docker has not ended the sandbox within ${KILL_TIMEOUT_MS / 1000} s`);
}

/** The end of the stream is not an exit: the engine knows. */
async function askEngine({ runtime }: WorkerDeps, { id }: OpenSandbox, cause: unknown): Promise<AgentExit> {
  const state = await runtime.inspect(id);
  if (state?.exitCode === null || state === null) {
    throw new SessionError('sandbox_failed', 'The connection to the sandbox was lost while it ran', { cause });
  }
  return { exitCode: state.exitCode, signal: null };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
