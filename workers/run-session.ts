import { failpoint } from '../src/ops/failpoints.ts';
import { decideEnding, overdueCause, type EndFacts } from './ending.ts';
import { isOwnFault } from '../src/ops/own-fault.ts';
import type { SessionRecord } from '../src/session/record.ts';
import type { WorkerDeps } from './deps.ts';
import { endByFault, type Fault } from './end-by-fault.ts';
import { Leave, type LeaveReason } from './leave.ts';
import { watchLife, type Life } from './life.ts';
import { abandonSandbox } from './steps/abandon-sandbox.ts';
import { adoptSandbox } from './steps/adopt-sandbox.ts';
import { awaitExit } from './steps/await-exit.ts';
import { claimSandbox } from './steps/claim-sandbox.ts';
import { cloneRepos } from './steps/clone-repos.ts';
import { closeSandbox } from './steps/close-sandbox.ts';
import { deliverEnvironment } from './steps/deliver-environment.ts';
import { deliverStdin } from './steps/deliver-stdin.ts';
import { endSession } from './steps/end-session.ts';
import { letGo } from './steps/let-go.ts';
import { mintToken } from './steps/mint-token.ts';
import { openSandbox, type OpenSandbox } from './steps/open-sandbox.ts';
import { startAgent } from './steps/start-agent.ts';
import { takeSession } from './steps/take-session.ts';
import { isClaimed } from './take.ts';

/** `not_mine`: it has ended, or somebody else runs it. */
export type RunOutcome = 'ended' | 'not_mine' | LeaveReason;

/** How far this worker has come with a session. */
interface Run extends Pick<EndFacts, 'session' | 'cause' | 'exit' | 'error'> {
  sandbox: OpenSandbox | null;
}

/**
 * The life of a session, from its turn in the queue to its end, or the rest of it after a worker that is gone. What comes
 * after the end (token deleted, container removed) is `settleSession`, which BullMQ's completion handler calls.
 *
 * Rejects when the session could not be taken, or when something outside keeps its end from being written down.
 */
export async function runSession(deps: WorkerDeps, sessionId: string): Promise<RunOutcome> {
  const session = await takeSession(deps, sessionId);
  if (session === null) return 'not_mine';
  await using life = watchLife(deps, session);
  const run: Run = { session, sandbox: null, cause: null, exit: null, error: null };
  try {
    await goThrough(deps, life, run);
    await end(deps, life, run);
    return 'ended';
  } catch (thrown) {
    if (!(thrown instanceof Leave)) return await endRegardless(deps, run, { step: life.current, thrown });
    await letGo(deps, run.session, run.sandbox, thrown.reason).catch((error: unknown) => {
      deps.log.error({ err: error, sessionId }, 'a session could not be handed over; the next worker finds it');
    });
    return thrown.reason;
  }
}

/** Not even its end went as it must. Where that is a fault of ours it ends here and now. */
async function endRegardless(deps: WorkerDeps, { session, sandbox }: Run, fault: Fault): Promise<RunOutcome> {
  if (sandbox !== null) await abandonSandbox(deps, sandbox);
  if (!isOwnFault(fault.thrown)) throw fault.thrown;
  const isHeld = ({ term }: SessionRecord): boolean => term === session.term;
  return (await endByFault(deps, session.id, fault, isHeld)) ? 'ended' : 'superseded';
}

/** From step to step, each a file of its own. What one throws is the session's failure; only `Leave` goes further. */
async function goThrough(deps: WorkerDeps, life: Life, run: Run): Promise<void> {
  try {
    if (!isClaimed(run.session)) run.session = await life.step('mint', () => mintToken(deps, run.session));
    const { session } = run;
    // One that runs already is taken over also when it is to be stopped: it has its grace and its last words.
    const sandbox = isClaimed(session)
      ? await life.step('adopt', () => adoptSandbox(deps, session, life), 'go_on')
      : await life.step('container', () => openSandbox(deps, session, life));
    run.sandbox = sandbox;
    if (!sandbox.init.hasAgent) {
      const grant = await life.step('claim', () => claimSandbox(deps, session, sandbox, life));
      await life.step('deliver', () => deliverEnvironment(deps, session, sandbox, grant));
      await life.step('deliver', () => deliverStdin(deps, session, sandbox, grant));
      await life.step('clone', () => cloneRepos(deps, session, sandbox, grant, life.signal));
      await life.step('run', () => startAgent(deps, session, sandbox, life.signal), 'go_on');
    }
    run.exit = await life.step('run', () => awaitExit(deps, session, sandbox, life), 'go_on');
    run.cause = life.cause;
  } catch (thrown) {
    if (thrown instanceof Leave) throw thrown;
    run.error = { step: life.current, thrown };
    if (!isOwnFault(thrown)) return;
    const { id: sessionId } = run.session;
    deps.log.error({ err: thrown, sessionId, step: life.current }, 'a step fails by a fault of Daypass itself');
  }
}

/** Only who holds a session may end it: one that is cut off sees its sandbox vanish, too. */
async function end(deps: WorkerDeps, life: Life, { sandbox, ...run }: Run): Promise<void> {
  await life.confirm();
  const cause = run.exit === null ? life.cause : (run.cause ?? overdueCause(life.cause, run.exit));
  const shortage = sandbox && (await closeSandbox(deps, run.session, sandbox, run.exit));
  const ending = decideEnding({ ...run, cause, shortage }, deps.masks.of(run.session.id));
  await endSession(deps, run.session, ending);
  await failpoint('worker.ended');
}
