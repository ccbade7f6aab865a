import type { Pack, RepoFacts } from './repo-facts.ts';

/** Each push leaves a pack, and each pack more makes every look-up dearer. */
const MAX_PACKS = 20;
/** REST updates leave some three loose objects each. */
const MAX_LOOSE_OBJECTS = 1_000;
const DAY_MS = 24 * 3_600_000;
const SWEEP_EVERY_MS = 7 * DAY_MS;
/** Git's own: what became unreachable is kept so long, and can be brought back by its commit's name. */
export const KEEP_UNREACHABLE_DAYS = 14;

export type Upkeep =
  | { kind: 'none' }
  /** Puts these packs and all loose objects into one pack. */
  | { kind: 'merge'; packs: string[] }
  /** Drops what nothing refers to, and packs the rest anew. */
  | { kind: 'sweep' };

/** What a repo needs. Times are milliseconds since the epoch; `changedAtMs` is null for a repo that never changed. */
export function decideUpkeep(
  facts: RepoFacts,
  repo: { createdAtMs: number; changedAtMs: number | null },
  nowMs: number,
): Upkeep {
  if (isSweepDue(facts, repo, nowMs)) return { kind: 'sweep' };
  const isMessy = facts.packs.length > MAX_PACKS || facts.looseObjects > MAX_LOOSE_OBJECTS;
  const packs = packsToMerge(facts.packs);
  const isWorthIt = packs.length > 1 || facts.looseObjects > MAX_LOOSE_OBJECTS;
  return isMessy && isWorthIt ? { kind: 'merge', packs } : { kind: 'none' };
}

/** Once a week, until one has come so late after the last change that nothing of it is kept any more. */
function isSweepDue(
  { sweptAtMs }: RepoFacts,
  { createdAtMs, changedAtMs }: { createdAtMs: number; changedAtMs: number | null },
  nowMs: number,
): boolean {
  if (changedAtMs === null || nowMs - (sweptAtMs ?? createdAtMs) < SWEEP_EVERY_MS) return false;
  return sweptAtMs === null || sweptAtMs < changedAtMs + KEEP_UNREACHABLE_DAYS * DAY_MS;
}

/**
 * The smallest packs, as many as it takes for every pack that stays to be at least twice as large as what is smaller than it
 * together, the merged one included: so a large pack is written again only when as much has been added to it.
 */
function packsToMerge(packs: Pack[]): string[] {
  const bySize = packs.toSorted((a, b) => a.bytes - b.bytes);
  let merged = 0;
  let below = 0;
  for (const [index, pack] of bySize.entries()) {
    if (pack.bytes < 2 * below) merged = index + 1;
    below += pack.bytes;
  }
  return bySize.slice(0, merged).map(({ name }) => name);
}
