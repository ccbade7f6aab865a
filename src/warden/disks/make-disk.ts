import { mkdir, open, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint } from '../../ops/failpoints.ts';
import type { DiskPlace } from './disk-layout.ts';
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
const MOUNT_OPTIONS = 'nosuid,nodev,noatime,nobarrier,errors=remount-ro';

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
  // The device reads nothing before it is mounted, so both may go on at once; neither is left alone when the other fails.
  const formatting = runTool('mke2fs', [...MKFS_ARGUMENTS, image]);
  const attaching = attach(image);
  await Promise.allSettled([formatting, attaching]);
  await formatting;
  await failpoint('warden.disk_formatted');
  const device = await attaching;
  await failpoint('warden.disk_attached');
  await runTool('mount', ['-t', 'ext4', '-o', MOUNT_OPTIONS, device, workspace]);
  await failpoint('warden.disk_mounted');
  // From here on the kernel gives the device up with the mount, also when nobody is there to see to it.
  await Promise.all([runTool('losetup', ['--detach', device]), rmdir(join(workspace, 'lost+found'))]);
}

/**
 * Gives the loop device that has the file. What the sandbox writes goes past the host's cache: it is in memory once, as
 * the sandbox's own, and not a second time where nobody counts it. Asked for at once, since to change it later takes the
 * kernel 15 ms. Where the host's file system cannot do that, it goes through both.
 */
async function attach(image: string): Promise<string> {
  const find = ['--find', '--show'];
  const direct = runTool('losetup', [...find, '--direct-io=on', image]);
  return (await direct.catch(() => runTool('losetup', [...find, image]))).trim();
}
