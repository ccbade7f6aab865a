import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { z } from 'zod';

/** What is known of a repo beside its content. Times are milliseconds since the epoch. */
export interface StoredRepo {
  repoId: string;
  createdAtMs: number;
  /** The last push, update or change of metadata; null when there was none. */
  updatedAtMs: number | null;
  metadata: Record<string, string> | null;
  /** Kept for the hosted service's sake; this host has no index. */
  autoIndex: boolean;
}

interface RepoQuery {
  offset: number;
  limit: number;
  orderBy: 'created_at' | 'updated_at';
  descending: boolean;
  /** Only repos whose metadata has each of these pairs. */
  metadata: Record<string, string>;
  createdAfterMs: number | null;
  createdBeforeMs: number | null;
}

/** The repos' records. Every call is synchronous and durable when it returns. */
export interface RepoStore {
  add(repo: StoredRepo): void;
  find(repoId: string): StoredRepo | null;
  list(query: RepoQuery): { repos: StoredRepo[]; total: number };
  /** The ids of the repos that were made or changed at this time or later. */
  changedSince(atMs: number): string[];
  /** Notes a change at this time, and new metadata where it is given. */
  touch(repoId: string, atMs: number, metadata?: Record<string, string> | null): void;
  /** False when there was none. */
  delete(repoId: string): boolean;
}

const repoRow = z.object({
  repo_id: z.string(),
  created_at_ms: z.number(),
  updated_at_ms: z.number().nullable(),
  metadata: z.string().nullable(),
  auto_index: z.number(),
});

function parseRepo(row: unknown): StoredRepo {
  const repo = repoRow.parse(row);
  return {
    repoId: repo.repo_id,
    createdAtMs: repo.created_at_ms,
    updatedAtMs: repo.updated_at_ms,
    metadata: repo.metadata === null ? null : z.record(z.string(), z.string()).parse(JSON.parse(repo.metadata)),
    autoIndex: repo.auto_index === 1,
  };
}

export function createRepoStore(database: DatabaseSync): RepoStore {
  const insert = database.prepare('INSERT INTO repos VALUES (?, ?, ?, ?, ?)');
  const selectOne = database.prepare('SELECT * FROM repos WHERE repo_id = ?');
  const selectChanged = database.prepare('SELECT repo_id FROM repos WHERE coalesce(updated_at_ms, created_at_ms) >= ?');
  const updateTime = database.prepare('UPDATE repos SET updated_at_ms = ? WHERE repo_id = ?');
  const updateAll = database.prepare('UPDATE repos SET updated_at_ms = ?, metadata = ? WHERE repo_id = ?');
  const remove = database.prepare('DELETE FROM repos WHERE repo_id = ?');

  return {
    add(repo) {
      const metadata = repo.metadata === null ? null : JSON.stringify(repo.metadata);
      insert.run(repo.repoId, repo.createdAtMs, repo.updatedAtMs, metadata, repo.autoIndex ? 1 : 0);
    },
    find(repoId) {
      const row = selectOne.get(repoId);
      return row === undefined ? null : parseRepo(row);
    },
    list(query) {
      const { where, values } = condition(query);
      const order = orderOf(query);
      const page = database.prepare(`SELECT * FROM repos WHERE ${where} ORDER BY ${order} LIMIT ? OFFSET ?`);
      const count = database.prepare(`SELECT count(*) AS total FROM repos WHERE ${where}`);
      return {
        repos: page.all(...values, query.limit, query.offset).map(parseRepo),
        total: z.object({ total: z.number() }).parse(count.get(...values)).total,
      };
    },
    changedSince: (atMs) => selectChanged.all(atMs).map((row) => z.object({ repo_id: z.string() }).parse(row).repo_id),
    touch(repoId, atMs, metadata) {
      if (metadata === undefined) updateTime.run(atMs, repoId);
      else updateAll.run(atMs, metadata === null ? null : JSON.stringify(metadata), repoId);
    },
    delete: (repoId) => Number(remove.run(repoId).changes) > 0,
  };
}

/** The WHERE of a list; all that a client chose is bound and not part of the text. */
function condition(query: RepoQuery): { where: string; values: SQLInputValue[] } {
  const terms: { sql: string; values: SQLInputValue[] }[] = [{ sql: 'TRUE', values: [] }];
  if (query.createdAfterMs !== null) terms.push({ sql: 'created_at_ms > ?', values: [query.createdAfterMs] });
  if (query.createdBeforeMs !== null) terms.push({ sql: 'created_at_ms < ?', values: [query.createdBeforeMs] });
  for (const [key, value] of Object.entries(query.metadata)) {
    const sql = 'EXISTS (SELECT 1 FROM json_each(repos.metadata) WHERE key = ? AND atom = ?)';
    terms.push({ sql, values: [key, value] });
  }
  return { where: terms.map((term) => term.sql).join(' AND '), values: terms.flatMap((term) => term.values) };
}

/** A repo that was never updated counts as updated when it was created. The id makes the order total. */
function orderOf(query: RepoQuery): string {
  const column = query.orderBy === 'created_at' ? 'created_at_ms' : 'coalesce(updated_at_ms, created_at_ms)';
  const direction = query.descending ? 'DESC' : 'ASC';
  return `${column} ${direction}, repo_id ${direction}`;
}
