import { rm, rmdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '../../ops/failpoints.ts';
import type { DiskPlace } from './disk-layout.ts';
import { isDeviceOf, readLoopDevices, readMounts } from './kernel-tables.ts';
import { runTool } from './run-tool.ts';

/** The kernel gives up a container's mounts a moment after the container, and writes out first what is not on the disk. */
const RELEASE_MS = 10_000;
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

/** Takes the disk out of the host's sight. It lives on where a container has it mounted. */
export async function unmount(workspace: string): Promise<void> {
  // Two that made it at once may have mounted it twice.
  while ((await readMounts()).some(({ target }) => target === workspace)) await runTool('umount', [workspace]);
}

async function released(image: string): Promise<void> {
  const devicesOfIt = async () => (await readLoopDevices()).filter((device) => isDeviceOf(device, image));
  const until = Date.now() + RELEASE_MS;
  // The kernel gives it up with the last mount, unless the making was cut short before that was asked for.
  for (const { device } of await devicesOfIt()) await runTool('losetup', ['--detach', device]).catch(() => undefined);
  for (;;) {
    const [found] = await devicesOfIt();
    if (found === undefined) return;
    if (Date.now() > until) throw new Error(`${found.device} still has ${image}: something keeps it mounted`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
