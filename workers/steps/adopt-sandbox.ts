import { SessionError } from '../../src/errors.ts';
import { isOwnFault } from '../../src/ops/own-fault.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { retryWhileAway } from '../retry-while-away.ts';
import type { WorkerDeps } from '../deps.ts';
import { Leave } from '../leave.ts';
import type { Life } from '../life.ts';
import { connectSandbox, type OpenSandbox } from './connect-sandbox.ts';

const OPEN_TIMEOUT_MS = 10_000;
/** The sandbox has ended by itself by then. */
const GIVE_UP_AFTER_DEADLINE_MS = 60_000;

/**
 * Takes over the sandbox that an earlier worker had claimed, wherever that one had got to: its log goes on without a gap,
 * and what its agent did meanwhile is read from its reports. The values are needed to mask them.
 *
 * Throws `Leave` when that cannot be done now: its agent runs on, and an end would throw away what it says. A fault of ours
 * is thrown as it is, since another try would meet it again.
 */
export async function adoptSandbox(deps: WorkerDeps, session: SessionRecord, life: Life): Promise<OpenSandbox> {
  try {
    return await takeHold(deps, session, life);
  } catch (error) {
    if (error instanceof Leave || isOwnFault(error) || isFinal(session, error)) throw error;
    deps.log.warn({ err: error, sessionId: session.id }, 'a sandbox could not be taken over; it is tried again');
    throw new Leave('cut_off', { cause: error });
  }
}

/** Whether another try is no use: nobody has the values any more, or its time is long over. */
function isFinal({ deadlineAt }: SessionRecord, error: unknown): boolean {
  if (error instanceof SessionError && error.code === 'token_revoked') return true;
  return Date.parse(deadlineAt ?? '') + GIVE_UP_AFTER_DEADLINE_MS < Date.now();
}

async function takeHold(deps: WorkerDeps, session: SessionRecord, life: Life): Promise<OpenSandbox> {
  const { sandbox } = session;
  if (sandbox === null) throw new SessionError('worker_lost', 'The session has no sandbox to take over');
  await retryWhileAway('minter_unavailable', life.signal, () =>
    deps.minter.open(session.id, sandbox.id, 'mask', AbortSignal.timeout(OPEN_TIMEOUT_MS)),
  );
  return connectSandbox(deps, session, { id: sandbox.id, life, forms: deps.masks.formsOf(session.id) });
}
