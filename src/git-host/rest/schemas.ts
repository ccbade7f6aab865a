import { z } from 'zod';
import { HostError } from '../http/host-error.ts';
import type { StoredRepo } from '../repos/repo-store.ts';
import type { StoredToken } from '../tokens/token-store.ts';

/** Repo ids are UUIDs, whichever case they are written in. */
export const repoIdField = z.uuid('must be a UUID').transform((id) => id.toLowerCase());

/** Free pairs that a repo is found by. */
export const metadataField = z.record(z.string(), z.string()).nullable();

const file = z.object({ filename: z.string(), content: z.string() });
export const filesSource = z.object({ type: z.literal('files'), files: z.array(file) });

/** Sources of the hosted service that this host understands but does not have. */
export const gitSource = z.object({ type: z.literal('git') });
export const relaceSource = z.object({ type: z.literal('relace') });

export function sourceNotBuilt(type: 'git' | 'relace'): HostError {
  return new HostError('not_built', `source type ${type} is not available on this host; use git push or type files`);
}

/** A repo as the SDK's `RepoMetadata` has it. */
export function repoToWire(repo: StoredRepo) {
  return {
    repo_id: repo.repoId,
    created_at: isoTime(repo.createdAtMs),
    updated_at: repo.updatedAtMs === null ? null : isoTime(repo.updatedAtMs),
    metadata: repo.metadata,
    auto_index: repo.autoIndex,
  };
}

/** A token without its value; `expires_at` is absent when it has no TTL. */
export function tokenToWire(token: StoredToken) {
  return {
    name: token.name,
    repo_ids: [...token.grants.keys()],
    ...(token.expiresAtMs !== null && { expires_at: isoTime(token.expiresAtMs) }),
  };
}

export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
