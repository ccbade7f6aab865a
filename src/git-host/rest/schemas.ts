import { z } from 'zod';
import { TextPlace } from '../../json/reader.ts';
import { refProblem } from '../../session/git-names.ts';
import type { StoredRepo } from '../repos/repo-store.ts';
import type { StoredToken } from '../tokens/token-store.ts';

/** Repo ids are UUIDs, whichever case they are written in. */
export const repoIdField = z.uuid('must be a UUID').transform((id) => id.toLowerCase());

const MAX_PAIRS = 100;
const MAX_KEY_CHARACTERS = 200;
const MAX_VALUE_CHARACTERS = 4_000;
/** Of all pairs together: they are read with the repo, and with a hundred others in a list. */
const MAX_METADATA_CHARACTERS = 64 * 1024;

/** Free pairs that a repo is found by. How many there are is looked at before any of them is. */
export const metadataField = z
  .unknown()
  .superRefine((pairs, context) => {
    const isMany = typeof pairs === 'object' && pairs !== null && Object.keys(pairs).length > MAX_PAIRS;
    if (isMany) context.addIssue(`must have at most ${MAX_PAIRS} pairs`);
  })
  .pipe(
    z
      .record(z.string(), z.string().max(MAX_VALUE_CHARACTERS))
      .refine(
        (pairs) => Object.keys(pairs).every((key) => key.length <= MAX_KEY_CHARACTERS),
        `must have keys of at most ${MAX_KEY_CHARACTERS} characters`,
      )
      .refine(
        (pairs) => Object.entries(pairs).flat().join('').length <= MAX_METADATA_CHARACTERS,
        `must have at most ${MAX_METADATA_CHARACTERS} characters in all`,
      )
      .nullable(),
  );

/** A content, which stays in the body. */
export const contentField = z.custom<TextPlace>((value) => value instanceof TextPlace, 'must be a text');
export const fileItem = z.object({ filename: z.string(), content: contentField });
/** The items are checked one by one, later. */
export const filesSource = z.object({ type: z.literal('files'), files: z.array(z.unknown()) });

/** What it says is judged by the import; here only its form. */
export const urlField = z.string();
/** Without refs/heads/. */
export const branchField = z.string().superRefine((name, context) => {
  const problem = refProblem(name);
  if (problem !== null) context.addIssue(problem);
});
export const hashField = z.string().regex(/^[0-9a-f]{4,40}$/i, 'must have 4 to 40 hex digits');

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
