import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartPlan } from '../installation/prepare-start.ts';
import { clearRunDir, makeRunDir } from '../installation/run-dir.ts';
import type { Progress } from '../progress.ts';
import { redisConfig } from '../supervisor/redis-config.ts';
import { openRoleRecord, type RoleRecord } from '../supervisor/role-record.ts';
import { rolesOf } from '../supervisor/roles.ts';
import { startRoles, type Supervisor } from '../supervisor/supervisor.ts';

export interface Installation {
  supervisor: Supervisor;
  record: RoleRecord;
}

/** Makes what the roles need on disk and starts them. When one does not come up nothing of it is left, and it throws. */
export async function startInstallation(options: {
  plan: StartPlan;
  root: string;
  dataDir: string;
  progress: Progress;
  signal: AbortSignal;
}): Promise<Installation> {
  const { plan, root, dataDir, progress, signal } = options;
  const redisDir = join(dataDir, 'redis');
  const redisConfigFile = join(redisDir, 'redis.conf');
  await mkdir(redisDir, { recursive: true, mode: 0o700 });
  await writeFile(redisConfigFile, redisConfig(redisDir));
  await makeRunDir(plan.runDir);
  const record = openRoleRecord(dataDir);
  try {
    const supervisor = await startRoles(rolesOf({ settings: plan.settings, root, redisConfigFile }), {
      progress,
      logsDir: join(dataDir, 'logs'),
      onStart: (role, pid) => record.add(role, pid),
      signal,
    });
    return { supervisor, record };
  } catch (error) {
    record.clear();
    await clearRunDir(plan.runDir);
    throw error;
  }
}
