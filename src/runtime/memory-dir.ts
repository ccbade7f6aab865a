import { mkdir, rm, stat, statfs } from 'node:fs/promises';

/** `f_type` of file systems that keep their files in memory; statfs(2) on Linux. */
const IN_MEMORY = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */]);

/** Where it is unless a setting says otherwise: every Linux has a tmpfs there. */
export function defaultMemoryDir(installation: string): string {
  return `/dev/shm/daypass-${installation}`;
}

/**
 * Makes the directory in which the unmasked output of sandboxes lies until it is masked, for this user alone. Throws
 * where it would be on a disk, or belongs to somebody else.
 */
export async function openMemoryDir(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(path);
  if (uid !== (process.getuid?.() ?? uid) || (mode & 0o077) !== 0) {
    throw new Error(
      `${path} belongs to another user or can be entered by one; set DAYPASS_MEMORY_DIR to another place`,
    );
  }
  const { type } = await statfs(path);
  if (!IN_MEMORY.has(type)) {
    throw new Error(
      `${path} is on a disk, and output that is not masked yet must not get there; set DAYPASS_MEMORY_DIR to a tmpfs`,
    );
  }
  return path;
}

/** Safe to repeat. Only when no sandbox is left. */
export async function removeMemoryDir(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
