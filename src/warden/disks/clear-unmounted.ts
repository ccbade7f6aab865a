import type { Logger } from '../../ops/log.ts';
import type { WorkspaceDisks } from './workspace-disks.ts';

/**
 * Removes the disks that are not mounted: no sandbox can have one, be it that a warden died over it or that the host was
 * started anew. What is mounted may belong to a sandbox that is just being made, and is left to who knows the sessions.
 */
export async function clearUnmounted(disks: WorkspaceDisks, log: Logger): Promise<void> {
  for (const sandboxId of await disks.list()) {
    if (await disks.isMade(sandboxId)) continue;
    await disks.remove(sandboxId).then(
      () => log.info({ sandboxId }, 'a disk that was left was removed'),
      (error: unknown) =>
        log.warn({ err: error, sandboxId }, 'a disk that was left could not be removed; it is tried again'),
    );
  }
}
