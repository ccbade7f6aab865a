import { mkdir, realpath } from 'node:fs/promises';
import type { Logger } from '../../ops/log.ts';
import type { DISK_WAYS } from '../../runtime/docker/workspace.ts';
import { chooseWay } from './choose-way.ts';
import { clearUnmounted } from './clear-unmounted.ts';
import { createDisks, type DisksOptions } from './disks.ts';
import type { WorkspaceDisks } from './workspace-disks.ts';

/** Settings of the disks; `wanted` is how they are to be made. */
export type DiskSettings = Omit<DisksOptions, 'way'> & { wanted: (typeof DISK_WAYS)[number] };

/**
 * Makes the directory of all disks, which nobody but this user can enter, finds out how they are made here, and removes what
 * an earlier life has left. Throws when the way that is asked for cannot be had.
 */
export async function openDisks({ wanted, dir: given, ...limits }: DiskSettings, log: Logger): Promise<WorkspaceDisks> {
  await mkdir(given, { recursive: true, mode: 0o700 });
  const dir = await realpath(given);
  const way = await chooseWay(wanted, dir);
  const disks = createDisks({ ...limits, dir, way });
  await clearUnmounted(disks, { dir, log });
  if (way.way === 'ext4') log.info({ way: way.way, dir }, 'workspaces are disks');
  else log.warn(way, 'workspaces are in memory: what is written there counts as memory of the session');
  return disks;
}
