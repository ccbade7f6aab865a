import { mkdir, open, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint } from '../../ops/failpoints.ts';
import type { DiskPlace } from './disk-layout.ts';
import { readMounts } from './kernel-tables.ts';
import { runTool } from './run-tool.ts';

/** The agent's user and group in every sandbox. */
const AGENT = '1000:1000';
const MEBIBYTE = 1024 * 1024;

/**
 * A file system that lives as long as its sandbox: no journal, since nobody mounts it after a crash, and nothing held back
 * for root. An inode for every 8 KiB, so that trees of small files (node_modules) run out of bytes before inodes; blocks of
 * 4 KiB at any size. Inode tables are not written by the kernel behind our back later: the file is a hole there.
 */
const MKFS_ARGUMENTS =
  `-q -F -t ext4 -b 4096 -i 8192 -I 256 -m 0 -O ^has_journal,^resize_inode -E root_owner=${AGENT},lazy_itable_init=0`.split(
    ' ',
  );
/** Barriers keep order for a crash that nobody reads the disk after. */
const MOUNT_OPTIONS = 'loop,nosuid,nodev,noatime,nobarrier,errors=remount-ro';

/**
 * Makes the file; the disk's size is from here on counted against the host's room. Throws with `EEXIST` when the sandbox
 * has something of a disk already.
 */
export async function makeImage({ dir, image, workspace }: DiskPlace, sizeMb: number): Promise<void> {
  await mkdir(dir, { mode: 0o700 });
  await using file = await open(image, 'wx', 0o600);
  await file.truncate(sizeMb * MEBIBYTE);
  // Root's: what an engine would bind while nothing is mounted there must take no writes of the sandbox's user.
  await mkdir(workspace, { mode: 0o700 });
}

/** Makes the file system and mounts it, with its root directory empty and the agent's. */
export async function mountImage({ image, workspace }: DiskPlace): Promise<void> {
  await runTool('mke2fs', [...MKFS_ARGUMENTS, image]);
  await failpoint('warden.disk_formatted');
  // The loop device is given up by the kernel with the mount, also when nobody is there to see to it.
  await runTool('mount', ['-t', 'ext4', '-o', MOUNT_OPTIONS, image, workspace]);
  await failpoint('warden.disk_mounted');
  await Promise.all([rmdir(join(workspace, 'lost+found')), readPastCache(workspace)]);
}

/**
 * What the sandbox writes is in memory once, as its own cache, and not a second time as the host's, which nobody would
 * count. Where the host's file system has no direct I/O it goes through both.
 */
async function readPastCache(workspace: string): Promise<void> {
  const mounted = (await readMounts()).find(({ target }) => target === workspace);
  if (mounted === undefined) throw new Error(`${workspace} is not mounted right after it was`);
  await runTool('losetup', ['--direct-io=on', mounted.source]).catch(() => undefined);
}
