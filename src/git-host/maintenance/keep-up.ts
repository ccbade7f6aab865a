import type { Host } from '../host.ts';
import type { RepoPlace } from '../repos/head.ts';
import type { RepoFacts } from '../repos/repo-store.ts';
import { decideUpkeep } from './decide-upkeep.ts';
import { mergePacks, removeMerged } from './merge-packs.ts';
import { readFacts } from './repo-facts.ts';
import { sweep } from './sweep.ts';

export type Done = 'nothing' | 'merged' | 'swept' | 'putOff';

/**
 * Does what one repo needs, as a live use of it, so that its deletion ends the work. `tidied` resolves when what the merge
 * made needless is removed, which waits for those who read the repo now.
 */
export async function keepUp(host: Host, repo: RepoFacts): Promise<{ done: Done; tidied: Promise<void> }> {
  const repoDir = host.dirs.pathOf(repo.repoId);
  const times = { createdAtMs: repo.createdAtMs, changedAtMs: repo.updatedAtMs };
  const upkeep = decideUpkeep(await readFacts(repoDir), times, host.now());
  if (upkeep.kind === 'none') return { done: 'nothing', tidied: Promise.resolve() };
  if (upkeep.kind === 'sweep') return { done: await sweepQuietRepo(host, repo.repoId), tidied: Promise.resolve() };
  return merge(host, repo.repoId, upkeep.packs);
}

async function sweepQuietRepo(host: Host, repoId: string): Promise<Done> {
  if (!host.uses.isQuiet(repoId)) return 'putOff';
  const use = host.uses.begin({ tokenHash: null, repoId, expiresAtMs: null, yields: true });
  try {
    const place = placeOf(host, repoId, use.signal);
    await host.writers.run(place.repoDir, () => sweep(place));
    return 'swept';
  } finally {
    use.end();
  }
}

async function merge(host: Host, repoId: string, packs: string[]): Promise<{ done: Done; tidied: Promise<void> }> {
  const use = host.uses.begin({ tokenHash: null, repoId, expiresAtMs: null });
  const place = placeOf(host, repoId, use.signal);
  try {
    const needless = await host.writers.run(place.repoDir, () => mergePacks(place, packs));
    const tidy = async (): Promise<void> => {
      try {
        await use.othersEnded();
        await removeMerged(place, needless);
      } finally {
        use.end();
      }
    };
    return { done: 'merged', tidied: tidy() };
  } catch (error) {
    use.end();
    throw error;
  }
}

function placeOf(host: Host, repoId: string, signal: AbortSignal): RepoPlace {
  return { repoDir: host.dirs.pathOf(repoId), homeDir: host.dirs.homeDir, signal };
}
