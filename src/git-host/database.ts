import { DatabaseSync } from 'node:sqlite';

/*
 * Grants outlive their repo: a token whose repo was deleted hears 404 for it, which is true, and not 403. Repo ids are
 * never used twice.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS repos (
    repo_id TEXT PRIMARY KEY,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER,
    metadata TEXT,
    auto_index INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS repos_by_creation ON repos (created_at_ms, repo_id);
  CREATE INDEX IF NOT EXISTS repos_by_update ON repos (coalesce(updated_at_ms, created_at_ms), repo_id);
  CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS grants (
    hash TEXT NOT NULL REFERENCES tokens (hash) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    repo_id TEXT NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('read', 'write')),
    PRIMARY KEY (hash, position)
  ) STRICT;
`;

/** Opens the one database of the host, and makes it where it is missing. An answered write survives a power cut. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  // A deleted token's row is overwritten and not only unlinked.
  database.exec('PRAGMA secure_delete = ON; PRAGMA busy_timeout = 2000;');
  database.exec(SCHEMA);
  return database;
}

/** Runs `work` as one transaction. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
