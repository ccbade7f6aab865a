import { link, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandFailure } from '../failure.ts';
import { readJson, writePrivateJson } from './private-file.ts';
import { identify, isStillRunning, type ProcessIdentity } from './process-identity.ts';

const schema = z.object({ pid: z.int().positive(), startTicks: z.string().nullable() });

function fileIn(dataDir: string): string {
  return join(dataDir, 'start.lock');
}

/**
 * Takes the data directory for this process. Throws when another one that still runs has it; what a dead one left is
 * taken over.
 */
export async function takeLock(dataDir: string): Promise<AsyncDisposable> {
  const [lock, mine] = [fileIn(dataDir), join(dataDir, `start.lock.${process.pid}`)];
  await writePrivateJson(mine, identify(process.pid));
  try {
    const holder = await holderOf(dataDir);
    if (holder !== null) throw inUse(dataDir, holder);
    await rm(lock, { force: true });
    // A link is made by one process only, where several are here at the same moment.
    await link(mine, lock).catch((error: unknown) => {
      throw new CommandFailure(`${dataDir} was taken by another start at this very moment.`, { cause: error });
    });
  } finally {
    await unlink(mine);
  }
  return { [Symbol.asyncDispose]: () => rm(lock, { force: true }) };
}

/** The running process that has the data directory. */
export async function holderOf(dataDir: string): Promise<ProcessIdentity | null> {
  const holder = await readJson(fileIn(dataDir), schema);
  return holder !== null && isStillRunning(holder) ? holder : null;
}

function inUse(dataDir: string, { pid }: ProcessIdentity): CommandFailure {
  return new CommandFailure(
    `Daypass already runs on ${dataDir} (process ${pid}). End it with "daypass down", or name another DAYPASS_DATA_DIR.`,
  );
}
