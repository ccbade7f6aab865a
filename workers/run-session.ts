import { decideEnding, type EndFacts } from './ending.ts';
import type { WorkerDeps } from './deps.ts';
import { watchLife } from './life.ts';
import { awaitExit } from './steps/await-exit.ts';
import { beginSession } from './steps/begin-session.ts';
import { claimSandbox } from './steps/claim-sandbox.ts';
import { cloneRepos } from './steps/clone-repos.ts';
import { closeSandbox } from './steps/close-sandbox.ts';
import { deliverEnvironment } from './steps/deliver-environment.ts';
import { endSession } from './steps/end-session.ts';
import { mintToken } from './steps/mint-token.ts';
import { openSandbox, type OpenSandbox } from './steps/open-sandbox.ts';
import { startAgent } from './steps/start-agent.ts';

/**
 * The life of a session, from its turn in the queue to its end. Each line is a step with a file of its own. What comes
 * after the end (token deleted, container removed) is `settleSession`, which BullMQ's completion handler calls.
 *
 * Resolves when the session has ended, whatever way. Rejects only when not even that could be written down.
 */
export async function runSession(deps: WorkerDeps, sessionId: string): Promise<void> {
  const session = await beginSession(deps, sessionId);
  if (session === null) return;
  await using life = watchLife(deps, session);
  const facts: EndFacts = { session, cause: null, exit: null, outOfMemory: false, error: null };
  let sandbox: OpenSandbox | null = null;
  try {
    await life.step('mint', () => mintToken(deps, session));
    sandbox = await life.step('container', () => openSandbox(deps, session));
    const open = sandbox;
    const grant = await life.step('claim', () => claimSandbox(deps, session, open, life));
    await life.step('deliver', () => deliverEnvironment(deps, session, open, grant, life));
    const heads = await life.step('clone', () => cloneRepos(deps, session, open, grant, life.signal));
    await life.step('run', () => startAgent(deps, session, open, heads, life));
    facts.exit = await awaitExit(deps, session, open, life);
  } catch (thrown) {
    facts.error = { step: life.current, thrown };
  }
  facts.cause = life.cause;
  if (sandbox !== null) facts.outOfMemory = await closeSandbox(deps, sandbox, { agentExited: facts.exit !== null });
  const redact = (text: string): string => sandbox?.log.redact(text) ?? text;
  await endSession(deps, session, decideEnding(facts), redact);
}
