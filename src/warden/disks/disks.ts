import { readdir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe } from '../../errors.ts';
import { HOST_DISK_FULL } from '../../runtime/docker/engine-error.ts';
import type { DiskWay, Workspace } from '../../runtime/docker/workspace.ts';
import { WardenRefusal } from '../refusal.ts';
import { SANDBOX_ID } from '../sandbox-id.ts';
import { byTurns } from './by-turns.ts';
import { diskPlace, type DiskPlace } from './disk-layout.ts';
import { readLoopDevices, readMounts } from './kernel-tables.ts';
import { makeImage, mountImage } from './make-disk.ts';
import { removeDisk, unmount } from './remove-disk.ts';
import { roomProblem, type HostRoom } from './room.ts';
import type { WorkspaceDisks } from './workspace-disks.ts';

const MEBIBYTE = 1024 * 1024;
/** stat(2) counts in these, whatever the file system. */
const STAT_BLOCK_BYTES = 512;

export interface DisksOptions {
  /** Where the disks lie; absolute, and for root alone. */
  dir: string;
  way: DiskWay;
  /** Left to everything else that lies on the same disk. */
  reserveMb: number;
  /** How many times over the rest may be promised; 1: what is promised is there. */
  overcommit: number;
}

/**
 * The workspaces' disks, in this process. Also where new ones are a tmpfs, those that there are can be listed and removed:
 * the way may have been another one before.
 */
export function createDisks({ dir, way, reserveMb, overcommit }: DisksOptions): WorkspaceDisks {
  const turns = byTurns();
  const promises = byTurns();
  /** Those that are being made, or that could not be. */
  const making = new Map<string, Promise<void>>();

  /** What is done with one sandbox's disk is done one after the other. */
  const inTurn = async <T>(sandboxId: string, work: () => Promise<T>): Promise<T> => {
    if (!SANDBOX_ID.test(sandboxId)) throw new WardenRefusal(403, 'A disk needs the id of a sandbox');
    return turns(sandboxId, work);
  };

  const isMade = async (sandboxId: string): Promise<boolean> => {
    const { workspace } = diskPlace(dir, sandboxId);
    return (await readMounts()).some(({ target }) => target === workspace);
  };

  /** One after the other whatever the sandbox, so that the same room is not promised twice. */
  const promiseRoom = (place: DiskPlace, sizeMb: number): Promise<void> =>
    promises(dir, async () => {
      const room = { ...(await readRoom(dir)), reserveBytes: reserveMb * MEBIBYTE, overcommit };
      const problem = roomProblem(sizeMb * MEBIBYTE, room);
      if (problem !== null) throw new WardenRefusal(507, problem, HOST_DISK_FULL);
      await makeImage(place, sizeMb);
    });

  return {
    way,
    sourceOf: (sandboxId) => (way.way === 'ext4' ? diskPlace(dir, sandboxId).workspace : null),
    async promise(sandboxId, sizeMb): Promise<Workspace> {
      if (way.way === 'tmpfs') return { kind: 'tmpfs' };
      const promised = Promise.withResolvers<void>();
      const made = inTurn(sandboxId, async () => {
        if (await isMade(sandboxId)) return;
        const place = diskPlace(dir, sandboxId);
        try {
          // What was only half made is of no use to anybody.
          if ((await readNames(dir)).includes(sandboxId)) await removeDisk(place);
          await promiseRoom(place, sizeMb);
          promised.resolve();
          await mountImage(place);
        } catch (error) {
          await removeDisk(place).catch(() => undefined);
          throw failed('made', error);
        }
      });
      making.set(sandboxId, made);
      made.then(promised.resolve, promised.reject);
      await promised.promise;
      return { kind: 'disk', source: diskPlace(dir, sandboxId).workspace };
    },

    isPromised: async (sandboxId) => making.has(sandboxId) || isMade(sandboxId),

    async whenMade(sandboxId) {
      if (way.way === 'tmpfs') return;
      await making.get(sandboxId);
      if (!(await isMade(sandboxId))) throw new WardenRefusal(409, 'This sandbox has no disk; ask for it first');
    },

    handOver: (sandboxId) =>
      inTurn(sandboxId, () => {
        making.delete(sandboxId);
        return unmount(diskPlace(dir, sandboxId).workspace).catch((error: unknown) => {
          throw failed('handed over', error);
        });
      }),

    remove: (sandboxId) =>
      inTurn(sandboxId, () => {
        making.delete(sandboxId);
        return removeDisk(diskPlace(dir, sandboxId)).catch((error: unknown) => {
          throw failed('removed', error);
        });
      }),

    async list() {
      const [names, devices] = await Promise.all([readNames(dir), readLoopDevices()]);
      // A device may outlive its file.
      const held = devices.map(({ file }) => dirname(file)).filter((path) => dirname(path) === dir);
      return [...new Set([...names, ...held.map((path) => path.slice(dir.length + 1))])];
    },
  };
}

async function readNames(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => SANDBOX_ID.test(name));
}

async function readRoom(dir: string): Promise<Pick<HostRoom, 'freeBytes' | 'disks'>> {
  const { bavail, bsize } = await statfs(dir);
  const images = (await readNames(dir)).map((sandboxId) => diskPlace(dir, sandboxId).image);
  // One may be removed right now.
  const found = await Promise.all(images.map((image) => stat(image).catch(() => null)));
  const disks = found.filter((file) => file !== null);
  return {
    freeBytes: bavail * bsize,
    disks: disks.map(({ size, blocks }) => ({ sizeBytes: size, takenBytes: blocks * STAT_BLOCK_BYTES })),
  };
}

function failed(what: 'made' | 'handed over' | 'removed', error: unknown): Error {
  if (error instanceof WardenRefusal) return error;
  return new WardenRefusal(500, `The sandbox’s disk could not be ${what}: ${describe(error)}`);
}
