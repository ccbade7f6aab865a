import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '../../errors.ts';
import type { DISK_WAYS, DiskWay } from '../../runtime/docker/workspace.ts';
import { diskPlace } from './disk-layout.ts';
import { makeImage, mountImage } from './make-disk.ts';
import { removeDisk } from './remove-disk.ts';

const TRIAL_ID = 'sbx_trial';
const TRIAL_MB = 8;

/**
 * How workspaces are made here: by making one. Not from what the machine is said to have, since a loop device that cannot be
 * opened, a missing program or a missing right look alike from afar. Throws when `ext4` is asked for and cannot be had.
 */
export async function chooseWay(wanted: (typeof DISK_WAYS)[number], dir: string): Promise<DiskWay> {
  if (wanted === 'tmpfs') return { way: 'tmpfs', because: 'DAYPASS_DISK_WAY says so' };
  const problem = await trialProblem(dir);
  if (problem === null) return { way: 'ext4' };
  if (wanted === 'auto') return { way: 'tmpfs', because: problem };
  throw new Error(`DAYPASS_DISK_WAY is ext4, but no disk can be made in ${dir}: ${problem}`);
}

async function trialProblem(dir: string): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'the warden does not run as root, so it may not mount';
  const place = diskPlace(dir, TRIAL_ID);
  try {
    await removeDisk(place);
    await makeImage(place, TRIAL_MB);
    await mountImage(place);
    await writeFile(join(place.workspace, 'trial'), 'a file of a trial');
    await removeDisk(place);
    return null;
  } catch (error) {
    await removeDisk(place).catch(() => undefined);
    return describe(error);
  }
}
