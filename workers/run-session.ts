import { failpoint } from '../src/ops/failpoints.ts';
import { decideEnding, type EndFacts } from './ending.ts';
import type { WorkerDeps } from './deps.ts';
import { Leave, type LeaveReason } from './leave.ts';
import { watchLife } from './life.ts';
import { adoptSandbox } from './steps/adopt-sandbox.ts';
import { awaitExit } from './steps/await-exit.ts';
import { claimSandbox } from './steps/claim-sandbox.ts';
import { cloneRepos } from './steps/clone-repos.ts';
import { closeSandbox } from './steps/close-sandbox.ts';
import { deliverEnvironment } from './steps/deliver-environment.ts';
import { endSession } from './steps/end-session.ts';
import { letGo } from './steps/let-go.ts';
import { mintToken } from './steps/mint-token.ts';
import { openSandbox, type OpenSandbox } from './steps/open-sandbox.ts';
import { startAgent } from './steps/start-agent.ts';
import { takeSession } from './steps/take-session.ts';
import { isClaimed } from './take.ts';

/** `not_mine`: it has ended, or somebody else runs it. */
export type RunOutcome = 'ended' | 'not_mine' | LeaveReason;

/**
 * The life of a session, from its turn in the queue to its end, or the rest of it after a worker that is gone. Each line is
 * a step with a file of its own. What comes after the end (token deleted, container removed) is `settleSession`, which
 * BullMQ's completion handler calls.
 *
 * Rejects only when not even the session's end could be written down.
 */
export async function runSession(deps: WorkerDeps, sessionId: string): Promise<RunOutcome> {
  let session = await takeSession(deps, sessionId);
  if (session === null) return 'not_mine';
  await using life = watchLife(deps, session);
  const facts: EndFacts = { session, cause: null, exit: null, outOfMemory: false, error: null };
  let sandbox: OpenSandbox | null = null;
  try {
    const held = isClaimed(session) ? session : await life.step('mint', () => mintToken(deps, facts.session));
    session = held;
    // One that runs already is taken over also when it is to be stopped: it has its grace and its last words.
    sandbox = isClaimed(held)
      ? await life.step('adopt', () => adoptSandbox(deps, held, life), 'go_on')
      : await life.step('container', () => openSandbox(deps, held, life));
    const open = sandbox;
    if (!open.init.hasAgent) {
      const grant = await life.step('claim', () => claimSandbox(deps, held, open, life));
      await life.step('deliver', () => deliverEnvironment(deps, held, open, grant));
      await life.step('clone', () => cloneRepos(deps, held, open, grant, life.signal));
      await life.step('run', () => startAgent(deps, held, open, life.signal), 'go_on');
    }
    facts.exit = await life.step('run', () => awaitExit(deps, held, open, life), 'go_on');
    facts.cause = life.cause;
  } catch (thrown) {
    facts.error = { step: life.current, thrown };
  }
  try {
    if (facts.error?.thrown instanceof Leave) throw facts.error.thrown;
    // Only who holds a session may end it: one that is cut off sees its sandbox vanish, too.
    await life.confirm();
    if (facts.exit === null) facts.cause = life.cause;
    const redact = (text: string): string => sandbox?.log.redact(text) ?? text;
    if (sandbox !== null) facts.outOfMemory = await closeSandbox(deps, session, sandbox, facts.exit);
    await endSession(deps, session, decideEnding(facts), redact);
    await failpoint('worker.ended');
    return 'ended';
  } catch (thrown) {
    if (!(thrown instanceof Leave)) throw thrown;
    await letGo(deps, session, sandbox, thrown.reason);
    return thrown.reason;
  }
}
