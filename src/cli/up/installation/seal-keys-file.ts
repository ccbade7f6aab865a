import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatSealKeys, parseSealKeys } from '../../../token/seal-keys.ts';
import type { SealKey } from '../../../token/sealing.ts';
import { Secret } from '../../../token/secret.ts';
import { writeDurably } from '../../../token/minter/write-durably.ts';
import { takeLock } from './lock.ts';

export function sealKeysFileOf(dataDir: string): string {
  return join(dataDir, 'seal-keys');
}

/** Written whole, for this user alone, and on the disk when it resolves: a key that seals something must not be lost. */
export async function writeSealKeys(file: string, keys: readonly SealKey[]): Promise<void> {
  await writeDurably(file, `${file}.${process.pid}.new`, `${formatSealKeys(keys)}\n`);
}

/**
 * Changes the ring in a file, by one process at a time: two that wrote at once would lose one of their keys. `decide` is
 * given the keys that are in it; gives what was in it before.
 */
export async function changeSealKeys(
  file: string,
  decide: (keys: readonly SealKey[]) => readonly SealKey[],
): Promise<readonly SealKey[]> {
  await using stack = new AsyncDisposableStack();
  const lock = await takeLock(dirname(file), {
    name: 'seal-keys.lock',
    inUse: (dir, pid) => `The seal keys in ${dir} are being changed by process ${pid}. Try again when it is done.`,
  });
  stack.use(lock);
  const before = parseSealKeys(await readFile(file, 'utf8'));
  await writeSealKeys(file, decide(before));
  return before;
}

/** A new key whose id, `kN`, is above that of every key in the ring, so that an id that was dropped last is not used for another. */
export function newSealKey(ring: readonly SealKey[]): SealKey {
  const numbers = ring.map(({ id }) => Number(/^k(\d+)$/.exec(id)?.[1] ?? 0));
  return { id: `k${Math.max(0, ...numbers) + 1}`, key: new Secret(randomBytes(32).toString('base64')) };
}
