import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writePrivateJson } from '../installation/private-file.ts';
import { identify, isStillRunning, programName, type ProcessIdentity } from '../installation/process-identity.ts';

const schema = z.object({ pid: z.int().positive(), startTicks: z.string().nullable() });

function fileIn(dataDir: string): string {
  return join(dataDir, 'engine.json');
}

/** Notes that the engine with this process is one that we started, and may end. */
export async function recordEngine(dataDir: string, pid: number): Promise<void> {
  await writePrivateJson(fileIn(dataDir), identify(pid));
}

/** The engine that we started, if it still runs. */
export async function ownEngine(dataDir: string): Promise<ProcessIdentity | null> {
  const recorded = await readJson(fileIn(dataDir), schema);
  if (recorded === null) return null;
  return isStillRunning(recorded) && programName(recorded.pid) === 'dockerd' ? recorded : null;
}

export async function forgetEngine(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}
