import { readFile } from 'node:fs/promises';
import { SUPERVISED } from '../../faults/rig/supervision.ts';
import type { Role, Stack } from '../../support/stack.ts';

/** Resident memory of each role's own process, in MB. */
export async function roleMemory(stack: Stack): Promise<Map<Role, number>> {
  const figures = SUPERVISED.map(async (role) => {
    const status = await readFile(`/proc/${stack.process(role).pid}/status`, 'utf8');
    return [role, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024] as const;
  });
  return new Map(await Promise.all(figures));
}
