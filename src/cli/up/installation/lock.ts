import { link, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandFailure } from '../failure.ts';
import { readJson, writePrivateJson } from './private-file.ts';
import { identify, isStillRunning, type ProcessIdentity } from './process-identity.ts';

const schema = z.object({ pid: z.int().positive(), startTicks: z.string().nullable() });

/** Of the installation as a whole. */
const START: LockKind = {
  name: 'start.lock',
  inUse: (dir, pid) =>
    `Daypass already runs on ${dir} (process ${pid}). End it with "daypass down", or name another DAYPASS_DATA_DIR.`,
};

export interface LockKind {
  /** Its file's, in the directory. */
  name: string;
  /** What to say when another process has it. */
  inUse(dir: string, pid: number): string;
}

/**
 * Takes the data directory, or what `kind` says of it, for this process. Throws when another one that still runs has it; what a dead one left is
 * taken over.
 */
export async function takeLock(dataDir: string, kind: LockKind = START): Promise<AsyncDisposable> {
  const lock = join(dataDir, kind.name);
  const mine = `${lock}.${process.pid}`;
  await writePrivateJson(mine, identify(process.pid));
  try {
    // A link is made by one process only, where several are here at the same moment.
    if (!(await linked(mine, lock))) {
      await setDeadAside(lock, dataDir, kind);
      if (!(await linked(mine, lock))) {
        throw new CommandFailure(`${dataDir} was taken by another start at this very moment.`);
      }
    }
  } finally {
    await unlink(mine);
  }
  return { [Symbol.asyncDispose]: () => rm(lock, { force: true }) };
}

/** The running process that has the data directory. */
export async function holderOf(dataDir: string): Promise<ProcessIdentity | null> {
  return runningIn(join(dataDir, START.name));
}

async function runningIn(file: string): Promise<ProcessIdentity | null> {
  const holder = await readJson(file, schema);
  return holder !== null && isStillRunning(holder) ? holder : null;
}

/** False: there is one already. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Throws when the process that has it runs. */
async function setDeadAside(lock: string, dataDir: string, kind: LockKind): Promise<void> {
  const holder = await runningIn(lock);
  if (holder !== null) throw new CommandFailure(kind.inUse(dataDir, holder.pid));
  const aside = `${lock}.${process.pid}.dead`;
  await rename(lock, aside).catch(() => undefined);
  try {
    // Another start may have set the dead one aside first, and this is its own.
    const taken = await runningIn(aside);
    if (taken === null) return;
    await linked(aside, lock);
    throw new CommandFailure(kind.inUse(dataDir, taken.pid));
  } finally {
    await rm(aside, { force: true });
  }
}
