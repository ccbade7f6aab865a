import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLoopDevices } from '../../warden/disks/kernel-tables.ts';
import type { Remains } from '../facts.ts';

const SANDBOX_ID = /sbx_[0-9a-z]+/;
/** Deep enough for everything that is made per sandbox. */
const MAX_DEPTH = 4;

/**
 * What on this machine's disk, mount table, loop devices and list of sockets bears the id of a sandbox, below the given
 * directories.
 * Found by name alone, so that it does not depend on who makes it. Mounts and sockets only where there is a /proc.
 */
export async function readHostRemains(directories: string[]): Promise<Remains[]> {
  const paths = (await Promise.all(directories.map((dir) => named(dir, MAX_DEPTH)))).flat();
  const below = (path: string): boolean => directories.some((dir) => path.startsWith(`${dir}/`));
  const mounts = (await procLines('/proc/self/mountinfo')).map((line) => line.split(' ')[4] ?? '');
  // Also of a file that is deleted: the device holds its room.
  const files = (await readLoopDevices()).map(({ file }) => file);
  const sockets = (await procLines('/proc/net/unix')).flatMap((line) => /\s(\/\S+)$/.exec(line)?.[1] ?? []);
  return [
    ...paths.map((place) => remains('path', place)),
    ...mounts.filter(below).map((place) => remains('mount', place)),
    ...files.filter(below).map((place) => remains('loop device', place)),
    ...sockets.filter(below).map((place) => remains('socket', place)),
  ].filter(({ sandboxId }) => sandboxId !== '');
}

function remains(kind: Remains['kind'], place: string): Remains {
  return { kind, place, sandboxId: SANDBOX_ID.exec(place)?.[0] ?? '', pooled: false };
}

/** The highest entries whose name holds a sandbox's id. */
async function named(dir: string, depth: number): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const found = entries.map(async (entry) => {
    const path = join(dir, entry.name);
    if (SANDBOX_ID.test(entry.name)) return [path];
    return entry.isDirectory() && depth > 1 ? named(path, depth - 1) : [];
  });
  return (await Promise.all(found)).flat();
}

/** A socket that is bound twice, or a mount in several namespaces, is one. */
async function procLines(path: string): Promise<string[]> {
  return [...new Set((await readFile(path, 'utf8').catch(() => '')).trim().split('\n'))];
}
