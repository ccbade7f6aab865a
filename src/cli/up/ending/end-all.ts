import type Docker from 'dockerode';
import { describe } from '../../../errors.ts';
import { removeMemoryDir } from '../../../runtime/memory-dir.ts';
import { removeAllDisks } from '../../../warden/disks/remove-all-disks.ts';
import type { ApiClient } from '../installation/api-client.ts';
import type { StartPlan } from '../installation/prepare-start.ts';
import { ENDING_ORDER } from '../installation/role-settings.ts';
import { clearRunDir } from '../installation/run-dir.ts';
import { removeStartFile } from '../installation/start-file.ts';
import type { Progress } from '../progress.ts';
import type { RoleRecord } from '../supervisor/role-record.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { removeContainers, untilNoContainers } from './containers.ts';
import { stopSessions } from './stop-sessions.ts';

/** How long sessions, tokens and containers together may take to go. */
const QUIET_TIMEOUT_MS = 20_000;
/** Longer than a session's grace and clean-up take: a worker that has not done it by then is stuck. */
const WORKER_PATIENCE_MS = 8_000;

export interface EndDeps {
  progress: Progress;
  supervisor: Supervisor;
  api: ApiClient;
  docker: Docker;
  plan: Pick<StartPlan, 'installation' | 'runDir' | 'memoryDir' | 'diskDir'>;
  dataDir: string;
  record: RoleRecord;
  /** Aborted: nothing is waited for any more. */
  hurry: AbortSignal;
}

/**
 * Ends everything in order: sessions with their tokens, containers, roles, files. Every part runs, whatever the one before
 * did. Resolves with what could not be cleaned up, as sentences.
 */
export async function endAll(deps: EndDeps): Promise<string[]> {
  const { progress, supervisor, docker } = deps;
  const { installation, runDir, memoryDir, diskDir } = deps.plan;
  const left: string[] = [];
  const part = async (name: string, work: () => Promise<string[]>): Promise<void> => {
    try {
      left.push(...(await progress.step(name, work)));
    } catch (error) {
      left.push(`${name}: ${describe(error)}`);
    }
  };
  const patience = AbortSignal.any([deps.hurry, AbortSignal.timeout(QUIET_TIMEOUT_MS)]);
  await part('end sessions, revoke tokens', async () => {
    // Sessions outlive their worker, and the next one, which the supervisor starts at once, cleans up after it.
    const stuck = setTimeout(() => supervisor.kill('worker'), WORKER_PATIENCE_MS);
    try {
      const alive = await stopSessions(deps.api, patience);
      await untilNoContainers(docker, installation, patience);
      return alive;
    } finally {
      clearTimeout(stuck);
    }
  });
  await part('end processes', async () => {
    const killed = await supervisor.end(ENDING_ORDER);
    deps.record.clear();
    return killed.map((role) => `${role} did not end in time and was killed`);
  });
  await part('clean up', async () => {
    await removeStartFile(deps.dataDir);
    const removed = await removeContainers(docker, installation);
    await clearRunDir(runDir);
    await removeMemoryDir(memoryDir);
    await removeAllDisks(diskDir);
    return removed.map((name) => `container ${name} was left by the worker; it is removed now`);
  });
  return left;
}
