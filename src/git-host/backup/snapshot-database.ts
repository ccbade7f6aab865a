import { rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** A copy of the database as it was at one moment, in a file of its own. */
export interface DatabaseSnapshot {
  repoIds: string[];
  /** Takes a repo out that was deleted after that moment. */
  forget(repoId: string): void;
  close(): void;
}

/**
 * Copies the database at `source`, which its host may have open and write to, into `target`. Without `tokens` the copy has
 * none: one that is deleted after the copy was made would otherwise open its repos again wherever the copy is restored.
 */
export async function snapshotDatabase(
  source: string,
  target: string,
  options: { tokens: boolean },
): Promise<DatabaseSnapshot> {
  await rm(target, { force: true });
  const live = new DatabaseSync(source, { readOnly: true });
  try {
    live.prepare('VACUUM INTO ?').run(target);
  } finally {
    live.close();
  }
  const copy = new DatabaseSync(target);
  copy.exec('PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;');
  if (!options.tokens) copy.exec('DELETE FROM tokens');
  const rows = copy.prepare('SELECT repo_id FROM repos ORDER BY repo_id').all();
  const forget = copy.prepare('DELETE FROM repos WHERE repo_id = ?');
  return {
    repoIds: rows.map((row) => z.object({ repo_id: z.string() }).parse(row).repo_id),
    forget: (repoId) => void forget.run(repoId),
    close: () => copy.close(),
  };
}
