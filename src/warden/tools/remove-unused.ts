import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EngineApi } from '../../runtime/docker/engine-api.ts';

const TIMEOUT_MS = 20_000;
/** Longer than any extraction takes. */
const ABANDONED_MS = 3_600_000;

/** The names of what lies in the directory of all tools. */
export const TEMPORARY = '.tools-';
export const ALTERED = '.altered-';
const CONTENT = /^(?:\.altered-)?([0-9a-f]{64})(?:-|$)/;

const listing = z.array(z.object({ Mounts: z.array(z.object({ Source: z.string().optional() })).nullish() }));

/**
 * Removes the tools that other versions have left in `dir`, except those that a container of the engine still has mounted: a
 * sandbox outlives its warden. `used` are the tools of this warden.
 */
export async function removeUnused(dir: string, used: string, engine: EngineApi): Promise<void> {
  const others = (await readdir(dir)).filter((name) => join(dir, name) !== used);
  if (others.length === 0) return;
  const mounted = await mountedSources(engine);
  for (const name of others) {
    const content = CONTENT.exec(name)?.[1];
    const isUnused = content === undefined ? await isAbandoned(dir, name) : !mounted.has(join(dir, content));
    if (isUnused) await rm(join(dir, name), { recursive: true, force: true });
  }
}

async function mountedSources(engine: EngineApi): Promise<Set<string>> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const call = { method: 'GET', path: '/containers/json', query: { all: 'true' } } as const;
  const containers = await engine.call({ ...call, signal, answer: listing });
  return new Set(containers.flatMap(({ Mounts }) => (Mounts ?? []).map(({ Source = '' }) => Source)));
}

/** What a warden was extracting when it was killed. Nothing else is ours to remove. */
async function isAbandoned(dir: string, name: string): Promise<boolean> {
  if (!name.startsWith(TEMPORARY)) return false;
  const { mtimeMs } = await stat(join(dir, name));
  return Date.now() - mtimeMs > ABANDONED_MS;
}
