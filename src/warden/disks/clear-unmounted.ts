import type { Logger } from '../../ops/log.ts';
import type { WorkspaceDisks } from '../../runtime/workspace-disks.ts';
import { diskPlace } from './disk-layout.ts';
import { readMounts } from './kernel-tables.ts';

/**
 * Removes the disks that are not mounted: no sandbox can have one, be it that a warden died over it or that the host was
 * started anew. What is mounted may belong to a sandbox that is just being made, and is left to who knows the sessions.
 */
export async function clearUnmounted(disks: WorkspaceDisks, { dir, log }: { dir: string; log: Logger }): Promise<void> {
  const targets = new Set((await readMounts()).map(({ target }) => target));
  for (const sandboxId of await disks.list()) {
    if (targets.has(diskPlace(dir, sandboxId).workspace)) continue;
    await disks.remove(sandboxId).then(
      () => log.info({ sandboxId }, 'a disk that was left was removed'),
      (error: unknown) =>
        log.warn({ err: error, sandboxId }, 'a disk that was left could not be removed; it is tried again'),
    );
  }
}
