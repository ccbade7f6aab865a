import { chmod, chown, mkdir, rm, stat, statfs } from 'node:fs/promises';

/** `f_type` of file systems that keep their files in memory; statfs(2) on Linux. */
const IN_MEMORY = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */]);

/** Where it is unless a setting says otherwise: every Linux has a tmpfs there. */
export function defaultMemoryDir(installation: string): string {
  return `/dev/shm/daypass-${installation}`;
}

/** Its owner's, and its group's to look into. */
const MODE = 0o750;
const NOT_OTHERS = 0o027;

/**
 * Makes the directory in which the unmasked output of sandboxes lies until it is masked, for this user to write to and for
 * the group `gid` to read. Throws where it would be on a disk, or is open to somebody else.
 */
export async function openMemoryDir(path: string, gid: number): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await requireMemoryDir(path);
  await chown(path, process.getuid?.() ?? 0, gid);
  await chmod(path, MODE);
  return path;
}

/** Throws unless this is such a directory, as a message says that names the setting to change. */
export async function requireMemoryDir(path: string): Promise<string> {
  const { uid, mode } = await stat(path);
  if (uid !== (process.getuid?.() ?? uid) || (mode & NOT_OTHERS) !== 0) {
    throw new Error(
      `${path} belongs to another user or can be entered by one; set DAYPASS_MEMORY_DIR to another place`,
    );
  }
  if (!(await isInMemory(path))) {
    throw new Error(
      `${path} is on a disk, and output that is not masked yet must not get there; set DAYPASS_MEMORY_DIR to a tmpfs`,
    );
  }
  return path;
}

/** Whether what is written below this path stays in memory, and so gets on no disk but by swapping. */
export async function isInMemory(path: string): Promise<boolean> {
  return IN_MEMORY.has((await statfs(path)).type);
}

/** Safe to repeat. Only when no sandbox is left. */
export async function removeMemoryDir(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
