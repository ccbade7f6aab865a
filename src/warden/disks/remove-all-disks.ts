import { createDisks } from './disks.ts';

/**
 * For when no warden runs any more: removes every disk that is left below this directory. Only without sandboxes. Resolves
 * with whose they were; throws when one is still in use.
 */
export async function removeAllDisks(dir: string): Promise<string[]> {
  const way = { way: 'tmpfs', because: 'none is made here' } as const;
  const disks = createDisks({ dir, way, reserveMb: 0, overcommit: 1 });
  const left = await disks.list();
  await Promise.all(left.map((sandboxId) => disks.remove(sandboxId)));
  return left;
}
