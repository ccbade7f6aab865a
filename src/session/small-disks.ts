import type { SessionResources } from './record.ts';

/** What every sandbox has in memory besides its workspace, in MB; what is in it counts as the session's memory. */
export interface SmallDisks {
  '/home/agent': number;
  '/tmp': number;
  '/dev/shm': number;
}

/** As much as sandboxes of an earlier version have, and as engines give to /dev/shm. */
const LEAST: SmallDisks = { '/home/agent': 256, '/tmp': 256, '/dev/shm': 64 };

/** As the request says; else half of the memory each, which caches of packages and browsers need. Pure. */
export function smallDisksOf({ memoryMb, homeMb, tmpMb, shmMb }: SessionResources): SmallDisks {
  const half = Math.floor(memoryMb / 2);
  return {
    '/home/agent': homeMb ?? Math.max(LEAST['/home/agent'], half),
    '/tmp': tmpMb ?? Math.max(LEAST['/tmp'], half),
    '/dev/shm': shmMb ?? Math.max(LEAST['/dev/shm'], half),
  };
}
