import { z } from 'zod';
import type { RepoOperation } from '../host.ts';
import { check } from '../http/check.ts';
import { readJson } from '../http/read-json.ts';
import { sendJson } from '../http/send-json.ts';
import { commitTree, type CommitResult } from '../repos/commit-tree.ts';
import { readHead } from '../repos/head.ts';
import { applyOperations, replaceTree } from '../repos/operations.ts';
import type { Tree } from '../repos/tree.ts';
import { filesSource, gitSource, metadataField, sourceNotBuilt } from './schemas.ts';

const operation = z.discriminatedUnion('type', [
  z.object({ type: z.literal('write'), filename: z.string(), content: z.string() }),
  z.object({ type: z.literal('delete'), filename: z.string() }),
  z.object({ type: z.literal('rename'), old_filename: z.string(), new_filename: z.string() }),
]);
const diffSource = z.object({ type: z.literal('diff'), operations: z.array(operation) });

const schema = z.object({
  source: z.discriminatedUnion('type', [filesSource, diffSource, gitSource]).nullish(),
  /** Replaces what was there; null clears it, and without the field it stays. */
  metadata: metadataField.optional(),
});

/** POST /repo/{id}/update: one commit on the default branch, or none when nothing changes. */
export const updateRepo: RepoOperation = async (host, { req, res, repo, place, signal }) => {
  const { source, metadata } = check(schema, (await readJson(req, signal)) ?? {});
  if (source?.type === 'git') throw sourceNotBuilt(source.type);
  const result = await host.serial.run(repo.repoId, async (): Promise<CommitResult> => {
    signal.throwIfAborted();
    if (!source) return { head: (await readHead(place)).commit, changedFiles: [] };
    const change = (before: Tree): Tree =>
      source.type === 'files' ? replaceTree(before, source.files) : applyOperations(before, source.operations);
    const commit = { message: 'Update files', timeMs: host.now(), change };
    return host.writers.run(place.repoDir, () => commitTree(place, commit));
  });
  if (result.changedFiles.length > 0 || metadata !== undefined) host.repos.touch(repo.repoId, host.now(), metadata);
  sendJson(res, 200, { repo_id: repo.repoId, repo_head: result.head, changed_files: result.changedFiles });
};
