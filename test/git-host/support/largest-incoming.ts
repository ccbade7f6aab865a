import { readdir, readlink, stat } from 'node:fs/promises';

/** The bytes of the largest body that a host in this process takes in on its disk; the file of a body has no name any more. */
export async function largestIncoming(): Promise<number> {
  const sizes = await Promise.all(
    (await readdir('/proc/self/fd')).map(async (fd) => {
      const path = `/proc/self/fd/${fd}`;
      const target = await readlink(path).catch(() => '');
      return target.includes('/incoming/') ? (await stat(path)).size : 0;
    }),
  );
  return Math.max(...sizes);
}
