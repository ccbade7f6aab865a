import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInMemory } from '../../src/runtime/memory-dir.ts';

/** Where a machine may keep files on a disk; on many of them /tmp is in memory. */
const CANDIDATES = [tmpdir(), '/var/tmp', join(import.meta.dirname, '..', '..')];

/** A fresh directory that is not in memory, for the caller to remove. Throws where the machine has none to offer. */
export async function directoryOnDisk(): Promise<string> {
  for (const candidate of CANDIDATES) {
    if (!(await isInMemory(candidate))) return mkdtemp(join(candidate, 'dp-on-disk-'));
  }
  throw new Error(
    `This test needs a disk, and all of these are in memory: ${CANDIDATES.join(', ')}. Set TMPDIR to one.`,
  );
}
