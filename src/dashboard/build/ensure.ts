import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFresh } from './made-from.ts';
import { HERE, type Places } from './places.ts';

/**
 * Builds the page unless what is built is what the sources say. Resolves with whether it had to. Throws the file system's error where this user may
 * not write. Safe to repeat.
 */
export async function ensureDashboard(places: Places = HERE): Promise<boolean> {
  if (await isFresh(places)) return false;
  // What Vite says of a place where it may not write has no code.
  const into = dirname(places.built);
  await mkdir(into, { recursive: true });
  await access(into, constants.W_OK);
  // Loaded only when there is something to build: it is a development package, and large.
  const { buildDashboard } = await import('./build.ts');
  await buildDashboard(places);
  return true;
}
