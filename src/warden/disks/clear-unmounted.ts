import type { Logger } from '../../ops/log.ts';
import { isDeviceOf, readLoopDevices } from './kernel-tables.ts';
import { diskPlace } from './disk-layout.ts';
import type { WorkspaceDisks } from './workspace-disks.ts';

/**
 * Removes the disks whose file is no loop device: no sandbox can have one, be it that a warden died over it or that the host
 * was started anew. The others may belong to a sandbox that runs or is just being made, and are left to who knows the
 * sessions.
 */
export async function clearUnmounted(disks: WorkspaceDisks, { dir, log }: { dir: string; log: Logger }): Promise<void> {
  const devices = await readLoopDevices();
  for (const sandboxId of await disks.list()) {
    const { image } = diskPlace(dir, sandboxId);
    if (devices.some((device) => isDeviceOf(device, image))) continue;
    await disks.remove(sandboxId).then(
      () => log.info({ sandboxId }, 'a disk that was left was removed'),
      (error: unknown) =>
        log.warn({ err: error, sandboxId }, 'a disk that was left could not be removed; it is tried again'),
    );
  }
}
