import { rm, rmdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '../../ops/failpoints.ts';
import type { DiskPlace } from './disk-layout.ts';
import { readLoopDevices, readMounts } from './kernel-tables.ts';
import { runTool } from './run-tool.ts';

/** The kernel ends a container's view of the mounts a moment after the container. */
const RELEASE_MS = 5_000;
const LOOK_EVERY_MS = 10;

/**
 * Takes away what there is of a disk, however far its making or an earlier removal got. Throws when something still uses it:
 * then the file stays, so that it is seen and tried again.
 */
export async function removeDisk({ dir, image, workspace }: DiskPlace): Promise<void> {
  await unmount(workspace);
  await failpoint('warden.disk_unmounted');
  await released(image);
  await rm(image, { force: true });
  // Not recursively: should anything be mounted there after all, its files are not ours to delete.
  await removeEmpty(workspace);
  await removeEmpty(dir);
}

async function unmount(workspace: string): Promise<void> {
  // Two that made it at once may have mounted it twice.
  while ((await readMounts()).some(({ target }) => target === workspace)) await runTool('umount', [workspace]);
}

async function released(image: string): Promise<void> {
  const until = Date.now() + RELEASE_MS;
  for (;;) {
    const devices = (await readLoopDevices()).filter(({ file }) => file === image);
    if (devices.length === 0) return;
    // Given up already unless the mounting was cut short before it.
    for (const { device } of devices) await runTool('losetup', ['--detach', device]).catch(() => undefined);
    if (Date.now() > until) throw new Error(`${devices[0]?.device} still has ${image}: something keeps it mounted`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
