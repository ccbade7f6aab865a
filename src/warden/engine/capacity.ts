import { statfs } from 'node:fs/promises';
import type { HostCapacity } from '../../runtime/docker/host-facts.ts';
import type { InfoAnswer } from '../../runtime/docker/engine-kind.ts';

const MEBIBYTE = 1024 * 1024;

/** The most that one sandbox can have on this host. `disks`: where they lie; null where workspaces are in memory. */
export async function hostCapacity(
  { NCPU, MemTotal }: Pick<InfoAnswer, 'NCPU' | 'MemTotal'>,
  disks: { dir: string; reserveMb: number } | null,
): Promise<HostCapacity> {
  const memoryMb = Math.floor(MemTotal / MEBIBYTE);
  if (disks === null) return { cpus: NCPU, memoryMb, diskMb: memoryMb };
  const { blocks, bsize } = await statfs(disks.dir);
  return { cpus: NCPU, memoryMb, diskMb: Math.max(0, Math.floor((blocks * bsize) / MEBIBYTE) - disks.reserveMb) };
}
