import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { identify, isStillRunning, type ProcessIdentity } from '../installation/process-identity.ts';
import { killGroup } from './role-process.ts';

const schema = z.record(z.string(), z.object({ pid: z.int().positive(), startTicks: z.string().nullable() }));
const END_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

/** Which processes the supervisor has started, on disk, so that the next one can end what a killed one left. */
export interface RoleRecord {
  add(role: string, pid: number): void;
  clear(): void;
}

export function openRoleRecord(dataDir: string): RoleRecord {
  const file = join(dataDir, 'roles.json');
  const running: Record<string, ProcessIdentity> = {};
  return {
    add(role, pid) {
      const identity = identify(pid);
      if (identity === null) return;
      running[role] = identity;
      writeFileSync(`${file}.new`, JSON.stringify(running), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    clear: () => rmSync(file, { force: true }),
  };
}

/** Ends the roles that a supervisor left which was itself killed. Resolves with their names. */
export async function endForsakenRoles(dataDir: string): Promise<string[]> {
  const file = join(dataDir, 'roles.json');
  const left = Object.entries(readRecord(file)).filter(([, identity]) => isStillRunning(identity));
  for (const [, { pid }] of left) killGroup(pid, 'SIGTERM');
  const until = Date.now() + END_TIMEOUT_MS;
  while (left.some(([, identity]) => isStillRunning(identity)) && Date.now() < until) await sleep(POLL_MS);
  for (const [, { pid }] of left) killGroup(pid, 'SIGKILL');
  rmSync(file, { force: true });
  return left.map(([name]) => name);
}

function readRecord(file: string): Record<string, ProcessIdentity> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${file} cannot be read. End the processes that it may name, then remove it.`, { cause: error });
  }
}
