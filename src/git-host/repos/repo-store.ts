import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { z } from 'zod';

/** What is known of a repo beside its content. Times are milliseconds since the epoch. */
export interface RepoFacts {
  repoId: string;
  createdAtMs: number;
  /** The last push, update or change of metadata; null when there was none. */
  updatedAtMs: number | null;
  /** Kept for the hosted service's sake; this host has no index. */
  autoIndex: boolean;
}

/** The same with its metadata, which may be long. */
export interface StoredRepo extends RepoFacts {
  metadata: Record<string, string> | null;
}

/** A page of a list ends behind the repo with which its metadata has so many characters. */
const PAGE_CHARACTERS = 1024 ** 2;

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
  /** Without its metadata: every request on a repo asks for it. */
  find(repoId: string): RepoFacts | null;
  /** Of a repo that there is none of: null. */
  metadataOf(repoId: string): Record<string, string> | null;
  /** At most `limit` repos, and fewer where their metadata is long. */
  list(query: RepoQuery): { repos: StoredRepo[]; total: number };
  /** The ids of the repos that were made or changed at this time or later. */
  changedSince(atMs: number): string[];
  /** Notes a change at this time, and new metadata where it is given. */
  touch(repoId: string, atMs: number, metadata?: Record<string, string> | null): void;
  /** False when there was none. */
  delete(repoId: string): boolean;
}

const FACTS = 'repo_id, created_at_ms, updated_at_ms, auto_index';
const factsRow = z.object({
  repo_id: z.string(),
  created_at_ms: z.number(),
  updated_at_ms: z.number().nullable(),
  auto_index: z.number(),
});
const metadataRow = z.object({ metadata: z.string().nullable() });

function parseFacts(row: unknown): RepoFacts {
  const repo = factsRow.parse(row);
  return {
    repoId: repo.repo_id,
    createdAtMs: repo.created_at_ms,
    updatedAtMs: repo.updated_at_ms,
    autoIndex: repo.auto_index === 1,
  };
}

function parseMetadata(text: string | null): Record<string, string> | null {
  return text === null ? null : z.record(z.string(), z.string()).parse(JSON.parse(text));
}

/** The first of these rows, at least one, until they are enough for a page. */
function pageOf(rows: Iterable<unknown>): StoredRepo[] {
  const repos: StoredRepo[] = [];
  let characters = 0;
  for (const row of rows) {
    const { metadata } = metadataRow.parse(row);
    repos.push({ ...parseFacts(row), metadata: parseMetadata(metadata) });
    characters += metadata?.length ?? 0;
    if (characters >= PAGE_CHARACTERS) break;
  }
  return repos;
}

export function createRepoStore(database: DatabaseSync): RepoStore {
  const insert = database.prepare('INSERT INTO repos VALUES (?, ?, ?, ?, ?)');
  const selectOne = database.prepare(`SELECT ${FACTS} FROM repos WHERE repo_id = ?`);
  const selectMetadata = database.prepare('SELECT metadata FROM repos WHERE repo_id = ?');
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
      return row === undefined ? null : parseFacts(row);
    },
    metadataOf(repoId) {
      const row = selectMetadata.get(repoId);
      return row === undefined ? null : parseMetadata(metadataRow.parse(row).metadata);
    },
    list(query) {
      const { where, values } = condition(query);
      const order = orderOf(query);
      const page = database.prepare(`SELECT * FROM repos WHERE ${where} ORDER BY ${order} LIMIT ? OFFSET ?`);
      const count = database.prepare(`SELECT count(*) AS total FROM repos WHERE ${where}`);
      return {
        repos: pageOf(page.iterate(...values, query.limit, query.offset)),
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
