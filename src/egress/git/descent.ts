import type { CommitReader } from './commit-reader.ts';

/** More commits than this are not walked for one push. */
const MAX_COMMITS = 500_000;

/**
 * Whether `newId` is `oldId` or descends from it, as far as the commits that can be read go; `incomplete` where it could
 * still be so by way of commits that are not there. The ids bind every commit to its parents, so nobody can forge a
 * descent. Stops at the old commit and need not have it.
 */
export async function descends(
  commits: Pick<CommitReader, 'parentsOf'>,
  newId: string,
  oldId: string,
): Promise<'yes' | 'no' | 'incomplete'> {
  const seen = new Set([newId]);
  const queue = [newId];
  let isComplete = true;
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at]!;
    if (id === oldId) return 'yes';
    if (seen.size > MAX_COMMITS) return 'incomplete';
    const parents = await commits.parentsOf(id);
    if (parents === null) isComplete = false;
    for (const parent of parents ?? []) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      queue.push(parent);
    }
  }
  return isComplete ? 'no' : 'incomplete';
}
