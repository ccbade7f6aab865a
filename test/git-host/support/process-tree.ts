import { readdir, readFile } from 'node:fs/promises';

const PAGE_BYTES = 4_096;
const SAMPLE_MS = 10;

export interface MemoryWatch {
  /** Ends the watch and returns the largest sum that was seen, in MB. */
  stop(): Promise<{ peakMb: number; peakProcesses: number }>;
}

/**
 * Sums up the resident memory of a process and all that descend from it, again and again. Pages that two of them share,
 * such as those of a mapped pack, count twice: the true figure is no larger.
 */
export function watchMemory(pid: number): MemoryWatch {
  let peakBytes = 0;
  let peakProcesses = 0;
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const tree = await residentBytes(pid);
      peakBytes = Math.max(
        peakBytes,
        tree.reduce((sum, bytes) => sum + bytes, 0),
      );
      peakProcesses = Math.max(peakProcesses, tree.length);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return { peakMb: peakBytes / 1024 ** 2, peakProcesses };
    },
  };
}

/** The resident bytes of each process of the tree. */
async function residentBytes(root: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map(readStat));
  const known = new Map(stats.flatMap((stat) => (stat === null ? [] : [[stat.pid, stat]])));
  const isBelow = (pid: number): boolean => pid === root || (known.has(pid) && isBelow(known.get(pid)?.parent ?? 0));
  return [...known.values()].filter(({ pid }) => isBelow(pid)).map(({ bytes }) => bytes);
}

/** Null for a process that ended meanwhile. */
async function readStat(pid: string): Promise<{ pid: number; parent: number; bytes: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name, in brackets, may hold spaces; what comes after it does not (proc(5)): state, parent, …, resident pages.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number(pid), parent: Number(fields[1]), bytes: Number(fields[21]) * PAGE_BYTES };
}
