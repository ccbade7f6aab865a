import { failpoint } from '../../src/ops/failpoints.ts';
import { SessionError } from '../../src/errors.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { readSession } from '../../src/store/records.ts';
import { markStarted } from '../../src/logs/log-directory.ts';
import { aborted } from '../aborted.ts';
import type { WorkerDeps } from '../deps.ts';
import { whileStoreAway } from '../while-store-away.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/**
 * Starts the command, once: init takes the order a single time, and a marker beside the log refuses a second sandbox even
 * where the store has forgotten the first. In the repo if the session has exactly one, else in /workspace. Resolves when
 * it runs, or when it is to be stopped before that is known.
 */
export async function startAgent(
  deps: WorkerDeps,
  session: SessionRecord,
  { id, init }: OpenSandbox,
  stopped: AbortSignal,
): Promise<void> {
  const { repos, command } = session.request;
  const { heads = [] } = (await whileStoreAway(() => readSession(deps.redis, session.id))) ?? {};
  const onlyRepo = repos.length === 1 ? repos[0] : undefined;
  const cwd = onlyRepo === undefined ? '/workspace' : `/workspace/${onlyRepo.path}`;
  const described = repos.map(({ id: repo, path, ref }, i) => ({ id: repo, path, ref, head: heads[i] ?? null }));
  await init.setEnv({ DAYPASS_REPOS: JSON.stringify(described) });
  if ((await markStarted(deps.config.logDir, session.id, id)) === 'other') {
    throw new SessionError('worker_lost', 'The command was started before, in a sandbox that the store has forgotten');
  }
  // Once it is ordered it is stopped like one that runs, with its grace.
  stopped.throwIfAborted();
  await Promise.race([init.startAgent(cwd, command ?? []), aborted(stopped)]);
  await failpoint('worker.agent_started');
}
