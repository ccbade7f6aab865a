import { readFile } from 'node:fs/promises';
import type { Check } from './check.ts';

const INOTIFY_INSTANCES = '/proc/sys/fs/inotify/max_user_instances';
/** What a watching build tool with its helpers takes, with room to spare. */
const INSTANCES_FOR_EACH = 32;

/**
 * What the kernel counts for each user: all sandboxes have one uid, so they share it. `sandboxes` is how many may run at
 * once. A value that is low is no fault of an installation, and said with a tick.
 */
export function kernelCheck(sandboxes: number, file: string = INOTIFY_INSTANCES): Check {
  return {
    name: 'inotify instances',
    look: async () => {
      const instances = Number(await readFile(file, 'utf8'));
      const wanted = sandboxes * INSTANCES_FOR_EACH;
      if (instances >= wanted) return `${instances} for all sandboxes together`;
      return [
        `${instances} for all sandboxes together`,
        `  ! One sandbox that uses them up leaves none to the others; for ${sandboxes} at once, run: ` +
          `sysctl -w fs.inotify.max_user_instances=${wanted}`,
      ].join('\n');
    },
    mend: 'Look whether this kernel has inotify.',
  };
}
