import type { Rig } from '../rig/rig.ts';
import type { SessionShape } from '../rig/workload.ts';

/** Starts sessions and resolves with their ids once the first of them runs; the others may be on their way. */
export async function startRunning(
  { workload }: Pick<Rig, 'workload'>,
  { count = 3, ...shape }: Partial<SessionShape> & { count?: number } = {},
): Promise<string[]> {
  const ids = await workload.startMany(count, { lines: 30, ...shape });
  await Promise.any(ids.map((id) => workload.until(id, ({ status }) => status === 'running')));
  return ids;
}
