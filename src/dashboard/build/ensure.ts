import { isFresh } from './made-from.ts';
import { HERE, type Places } from './places.ts';

/** Builds the page unless what is built is what the sources say. Resolves with whether it had to. Safe to repeat. */
export async function ensureDashboard(places: Places = HERE): Promise<boolean> {
  if (await isFresh(places)) return false;
  // Loaded only when there is something to build: it is a development package, and large.
  const { buildDashboard } = await import('./build.ts');
  await buildDashboard(places);
  return true;
}
