import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes what a killed git left in a repo: locks, which would refuse every later write to their ref, and half-received
 * packs, which git does not remove on a signal, and marks that hold a pack for one who is gone. Only to be called while no git process writes to the repo, and synchronous
 * so that none can be started meanwhile. A repo that is gone is fine.
 */
export function removeLeftovers(repoDir: string): void {
  if (!existsSync(repoDir)) return;
  removeIn(repoDir, isLock);
  removeIn(join(repoDir, 'refs'), isLock, { recursive: true });
  removeIn(join(repoDir, 'objects'), isHalfReceived);
  removeIn(join(repoDir, 'objects', 'pack'), isHalfReceived);
}

function isLock(name: string): boolean {
  return name.endsWith('.lock');
}

function isHalfReceived(name: string): boolean {
  // `.tmp-…` are packs of a repack, as large as the repo; a pack with a `.keep` would never be merged with others again.
  return name.startsWith('tmp_') || name.startsWith('.tmp-') || name.endsWith('.keep');
}

function removeIn(directory: string, matches: (name: string) => boolean, options: { recursive?: boolean } = {}): void {
  const names = readdirSync(directory, { recursive: options.recursive ?? false }).map(String);
  for (const name of names.filter(matches)) rmSync(join(directory, name), { recursive: true, force: true });
}
