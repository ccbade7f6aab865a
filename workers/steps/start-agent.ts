import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { change } from '../../src/store/records.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Life } from '../life.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/**
 * Starts the command, once: init takes the order a single time. In the repo if the session has exactly one, else in
 * /workspace. The session is `running` from here on.
 */
export async function startAgent(
  deps: WorkerDeps,
  session: SessionRecord,
  { init }: OpenSandbox,
  heads: (string | null)[],
  life: Life,
): Promise<void> {
  const { repos, command } = session.request;
  const onlyRepo = repos.length === 1 ? repos[0] : undefined;
  const cwd = onlyRepo === undefined ? '/workspace' : `/workspace/${onlyRepo.path}`;
  const described = repos.map(({ id, path, ref }, i) => ({ id, path, ref, head: heads[i] ?? null }));
  await init.setEnv({ DAYPASS_REPOS: JSON.stringify(described) });
  await init.startAgent(cwd, command ?? [], () => markRunning(deps, session, heads, life));
  await failpoint('worker.agent_started');
}

async function markRunning(
  deps: WorkerDeps,
  session: SessionRecord,
  heads: (string | null)[],
  life: Life,
): Promise<void> {
  const now = new Date();
  await change(deps.redis, { sessionId: session.id }, (view) => {
    if (view.session?.status !== 'starting') return null;
    const timings = {
      ...view.session.timings,
      cloneMs: life.stepMs['clone'] ?? 0,
      toRunningMs: now.getTime() - Date.parse(view.session.createdAt),
    };
    return {
      session: { ...view.session, status: 'running', runningAt: now.toISOString(), heads, timings },
      events: [{ type: 'running', detail: { command: session.request.command?.[0] ?? null, ...timings } }],
    };
  });
}
