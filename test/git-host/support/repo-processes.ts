import { readdir, readlink } from 'node:fs/promises';

/** The ids of the processes that work in a repo's directory. */
export async function repoProcesses(repoDir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end while it is looked at.
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return cwd === repoDir ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
