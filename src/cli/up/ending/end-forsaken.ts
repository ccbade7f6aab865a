import type Docker from 'dockerode';
import { removeMemoryDir } from '../../../runtime/memory-dir.ts';
import { removeAllDisks } from '../../../warden/disks/remove-all-disks.ts';
import { takeLock } from '../installation/lock.ts';
import { removeStartFile } from '../installation/start-file.ts';
import { endForsakenRoles } from '../supervisor/role-record.ts';
import { removeContainers } from './containers.ts';

/**
 * Ends what a start has left that was itself killed: processes, containers, the file for scripts. Its tokens are deleted by
 * the next start, as no minter runs now. Resolves with what was there, as words; throws when a start runs.
 */
export async function endForsaken(options: {
  dataDir: string;
  installation: string;
  docker: Docker;
  memoryDir: string;
  diskDir: string;
}): Promise<string[]> {
  const { dataDir, installation, docker, memoryDir, diskDir } = options;
  await using stack = new AsyncDisposableStack();
  stack.use(await takeLock(dataDir));
  const roles = await endForsakenRoles(dataDir);
  await removeStartFile(dataDir);
  // Where no engine answers, the worker of the next start removes them.
  const containers = await removeContainers(docker, installation).catch(() => null);
  // What the sandboxes said and wrote is not needed without them; while one may live, it is.
  if (containers !== null) {
    await removeMemoryDir(memoryDir);
    await removeAllDisks(diskDir);
  }
  return [...roles, ...(containers ?? []).map((name) => `container ${name}`)];
}
