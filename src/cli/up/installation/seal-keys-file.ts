import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatSealKeys, parseSealKeys } from '../../../token/seal-keys.ts';
import type { SealKey } from '../../../token/sealing.ts';
import { Secret } from '../../../token/secret.ts';
import { writeDurably } from '../../../token/minter/write-durably.ts';
import { CommandFailure } from '../failure.ts';
import { takeLock, type LockKind } from './lock.ts';

const LOCK_POLL_MS = 50;

export function sealKeysFileOf(dataDir: string): string {
  return join(dataDir, 'seal-keys');
}

/** Written whole, for this user alone, and on the disk when it resolves: a key that seals something must not be lost. */
export async function writeSealKeys(file: string, keys: readonly SealKey[]): Promise<void> {
  await writeDurably(file, `${file}.${process.pid}.new`, `${formatSealKeys(keys)}\n`);
}

/**
 * Changes the ring in a file, by one process at a time: two that wrote at once would lose one of their keys. `decide` is
 * given the keys that are in it; gives what was in it before. Throws when another process is at it for longer than
 * `patienceMs`.
 */
export async function changeSealKeys(
  file: string,
  decide: (keys: readonly SealKey[]) => readonly SealKey[],
  { patienceMs = 0 }: { patienceMs?: number } = {},
): Promise<readonly SealKey[]> {
  await using stack = new AsyncDisposableStack();
  stack.use(await lockRing(dirname(file), Date.now() + patienceMs));
  const before = parseSealKeys(await readFile(file, 'utf8'));
  await writeSealKeys(file, decide(before));
  return before;
}

const RING: LockKind = {
  name: 'seal-keys.lock',
  inUse: (dir, pid) => `The seal keys in ${dir} are being changed by process ${pid}. Try again when it is done.`,
};

async function lockRing(dir: string, untilMs: number): Promise<AsyncDisposable> {
  for (;;) {
    try {
      return await takeLock(dir, RING);
    } catch (error) {
      if (!(error instanceof CommandFailure) || Date.now() >= untilMs) throw error;
      await sleep(LOCK_POLL_MS);
    }
  }
}

/** A new key whose id, `kN`, is above that of every key in the ring, so that an id that was dropped last is not used for another. */
export function newSealKey(ring: readonly SealKey[]): SealKey {
  const numbers = ring.map(({ id }) => Number(/^k(\d+)$/.exec(id)?.[1] ?? 0));
  return { id: `k${Math.max(0, ...numbers) + 1}`, key: new Secret(randomBytes(32).toString('base64')) };
}
