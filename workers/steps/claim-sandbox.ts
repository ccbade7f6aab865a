import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { SessionError } from '../../src/errors.ts';
import type { SandboxGrant } from '../../src/token/minter/client.ts';
import { changeHeld } from '../change-held.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Life } from '../life.ts';
import { retryWhileAway } from '../retry-while-away.ts';
import type { OpenSandbox } from './open-sandbox.ts';

const OPEN_TIMEOUT_MS = 10_000;

/**
 * Claims the session for this one sandbox, and has the minter give up the values to it. The claim succeeds once in a
 * session's life, so there is never a second sandbox that holds its token; for the sandbox that has it already it is
 * safe to repeat.
 */
export async function claimSandbox(
  deps: WorkerDeps,
  session: SessionRecord,
  sandbox: OpenSandbox,
  life: Life,
): Promise<SandboxGrant> {
  const { session: claimed } = await changeHeld(deps, session, ({ session: now }) => {
    if (now.status !== 'starting' || now.sandbox?.id !== sandbox.id || now.sandbox.claimedAt !== null) return null;
    const { protocol } = sandbox.init;
    const { mint: mintMs = 0, container: containerMs = 0 } = life.stepMs;
    return {
      session: {
        ...now,
        sandbox: { ...now.sandbox, ...(protocol !== null && { protocol }), claimedAt: new Date().toISOString() },
        timings: { ...now.timings, mintMs, containerMs },
      },
      events: [{ type: 'container_started', detail: { container: sandbox.id, image: now.sandbox.image, containerMs } }],
    };
  });
  if (claimed?.sandbox?.id !== sandbox.id || claimed.sandbox.claimedAt === null) {
    throw new SessionError('worker_lost', 'This sandbox could not be claimed for the session');
  }
  await failpoint('worker.claimed');
  return retryWhileAway('minter_unavailable', life.signal, () =>
    deps.minter.open(session.id, sandbox.id, 'deliver', AbortSignal.timeout(OPEN_TIMEOUT_MS)),
  );
}
