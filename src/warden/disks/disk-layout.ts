import { join } from 'node:path';

/*
 * Where a sandbox's disk lies below the directory of all disks. That directory and these are root's alone: nobody else
 * reads an image, and only what is mounted on `workspace` is ever seen in a sandbox.
 */

export interface DiskPlace {
  dir: string;
  /** A sparse file with an ext4 file system in it. */
  image: string;
  /** Where it is mounted. Not to be written to while nothing is mounted, not even by the sandbox's user. */
  workspace: string;
}

export function diskPlace(disksDir: string, sandboxId: string): DiskPlace {
  const dir = join(disksDir, sandboxId);
  return { dir, image: join(dir, 'image'), workspace: join(dir, 'workspace') };
}
