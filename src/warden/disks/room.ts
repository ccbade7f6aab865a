/** What of the host's disk is there to be promised. */
export interface HostRoom {
  /** What a user's file could still take. */
  freeBytes: number;
  /** The disks that there are: what each may grow to, and what it takes already. */
  disks: { sizeBytes: number; takenBytes: number }[];
  /** Left to everything else that lies on it. */
  reserveBytes: number;
  /** How many times over the room may be promised; 1: what is promised is there. */
  overcommit: number;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Why another disk of this size may not be promised, as a sentence; null when it may. A file that grows costs nothing
 * before it is written, so every disk counts with what it could still take. Pure.
 */
export function roomProblem(
  sizeBytes: number,
  { freeBytes, disks, reserveBytes, overcommit }: HostRoom,
): string | null {
  const promised = disks.reduce((sum, disk) => sum + Math.max(0, disk.sizeBytes - disk.takenBytes), 0);
  const room = Math.max(0, freeBytes - reserveBytes);
  // Alone it must fit whatever the factor, or it could never be filled.
  if (sizeBytes <= room && promised + sizeBytes <= room * overcommit) return null;
  const mb = (bytes: number): string => `${Math.floor(bytes / MEBIBYTE)} MB`;
  return (
    `The host’s disk has ${mb(freeBytes)} free, of which ${mb(reserveBytes)} stay free and ${mb(promised)} are promised to ` +
    `other sandboxes: ${mb(sizeBytes)} more are not there. Ask for less in resources.diskMb, or make room`
  );
}
