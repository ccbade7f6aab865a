import { statfs } from 'node:fs/promises';
import { HostError } from '../http/host-error.ts';

const LOOK_EVERY_MS = 1_000;

/** What bodies may still take of the disk. */
export interface FreeSpace {
  /** To be called before so many bytes are written. Throws `no_space` when less than the reserve would be left. */
  take(bytes: number): Promise<void>;
}

/** Keeps `reserveBytes` of the disk below `dir` for all else: the repos, the database and who shares the disk. */
export function createFreeSpace(dir: string, reserveBytes: number): FreeSpace {
  let [left, lookedAtMs] = [0, -Infinity];
  const look = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(dir);
    [left, lookedAtMs] = [bavail * bsize - reserveBytes, performance.now()];
  };
  return {
    async take(bytes) {
      if (left < bytes || performance.now() - lookedAtMs > LOOK_EVERY_MS) await look();
      if (left < bytes) {
        const message = `the git host's disk has less than ${reserveBytes} bytes free, which bodies may not use; free some space`;
        throw new HostError('no_space', message);
      }
      left -= bytes;
    },
  };
}
