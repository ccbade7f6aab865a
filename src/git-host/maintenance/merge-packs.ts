import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../git/run-git.ts';
import type { RepoPlace } from '../repos/head.ts';

/**
 * Puts packs and all loose objects into one new pack, reachable or not: no object is lost, whatever is pushed meanwhile.
 * Returns the packs that are not needed any more. Killed at any moment it leaves objects twice, and the next time tidies
 * that up.
 */
export async function mergePacks(place: RepoPlace, packs: string[]): Promise<string[]> {
  const args = ['pack-objects', '--stdin-packs', '--unpacked', '--non-empty', '--delta-base-offset', '--quiet'];
  const names = packs.map((name) => `${name}.pack\n`);
  const target = join(packDirOf(place), 'pack');
  const output = await runGit({ ...place, args: [...args, target], priority: 'background' }, names);
  const created = `pack-${output.toString().trim()}`;
  return packs.filter((name) => name !== created);
}

/**
 * Removes packs and loose objects that another pack holds too. Only when all who read the repo while that pack was made have
 * ended: who has opened a pack may open it again by its name.
 */
export async function removeMerged(place: RepoPlace, packs: string[]): Promise<void> {
  place.signal.throwIfAborted();
  for (const name of packs) await removePack(packDirOf(place), name);
  await runGit({ ...place, args: ['prune-packed', '--quiet'], priority: 'background' });
}

function packDirOf(place: RepoPlace): string {
  return join(place.repoDir, 'objects', 'pack');
}

/** The index first: a pack without one is none to git, and an index without its pack would be an error. */
async function removePack(packDir: string, name: string): Promise<void> {
  for (const ending of ['idx', 'rev', 'bitmap', 'pack']) await rm(join(packDir, `${name}.${ending}`), { force: true });
}
