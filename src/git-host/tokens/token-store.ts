import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { transaction } from '../database.ts';

export type RepoAccess = 'read' | 'write';

/** A token without its value. Times are milliseconds since the epoch. */
export interface StoredToken {
  hash: string;
  name: string;
  /** Access by repo id, in the order in which the repos were asked for. */
  grants: ReadonlyMap<string, RepoAccess>;
  createdAtMs: number;
  expiresAtMs: number | null;
}

/**
 * The tokens, by the hash of their value. Every call is synchronous and durable when it returns. An expired token is
 * as good as deleted for every reader, whether or not its row is still there.
 */
export interface TokenStore {
  add(token: StoredToken): void;
  find(hash: string): StoredToken | null;
  /** Live ones, newest first. */
  list(): StoredToken[];
  /** False when there was no live token. */
  delete(hash: string): boolean;
}

const tokenRow = z.object({
  hash: z.string(),
  name: z.string(),
  created_at_ms: z.number(),
  expires_at_ms: z.number().nullable(),
});
const grantRow = z.object({ repo_id: z.string(), access: z.enum(['read', 'write']) });

export function createTokenStore(deps: { database: DatabaseSync; now: () => number }): TokenStore {
  const { database, now } = deps;
  const live = 'expires_at_ms IS NULL OR expires_at_ms > ?';
  const insertToken = database.prepare('INSERT INTO tokens VALUES (?, ?, ?, ?)');
  const insertGrant = database.prepare('INSERT INTO grants VALUES (?, ?, ?, ?)');
  const selectOne = database.prepare(`SELECT * FROM tokens WHERE hash = ? AND (${live})`);
  const selectAll = database.prepare(`SELECT * FROM tokens WHERE ${live} ORDER BY created_at_ms DESC, rowid DESC`);
  const selectGrants = database.prepare('SELECT repo_id, access FROM grants WHERE hash = ? ORDER BY position');
  const deleteOne = database.prepare(`DELETE FROM tokens WHERE hash = ? AND (${live})`);
  const deleteExpired = database.prepare('DELETE FROM tokens WHERE expires_at_ms <= ?');

  const withGrants = (row: unknown): StoredToken => {
    const token = tokenRow.parse(row);
    const grants = selectGrants.all(token.hash).map((grant) => grantRow.parse(grant));
    return {
      hash: token.hash,
      name: token.name,
      grants: new Map(grants.map((grant) => [grant.repo_id, grant.access])),
      createdAtMs: token.created_at_ms,
      expiresAtMs: token.expires_at_ms,
    };
  };

  return {
    add(token) {
      transaction(database, () => {
        // Expired rows go when new ones come, so that the table stays as small as what is in use.
        deleteExpired.run(now());
        insertToken.run(token.hash, token.name, token.createdAtMs, token.expiresAtMs);
        [...token.grants].forEach(([repoId, access], position) =>
          insertGrant.run(token.hash, position, repoId, access),
        );
      });
    },
    find(hash) {
      const row = selectOne.get(hash, now());
      return row === undefined ? null : withGrants(row);
    },
    list: () => selectAll.all(now()).map(withGrants),
    delete: (hash) => Number(deleteOne.run(hash, now()).changes) > 0,
  };
}
