import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AccountOperation } from '../host.ts';
import { check } from '../http/check.ts';
import { readJson } from '../http/read-json.ts';
import { sendJson } from '../http/send-json.ts';
import { commitTree } from '../repos/commit-tree.ts';
import { replaceTree } from '../repos/operations.ts';
import { filesSource, gitSource, metadataField, relaceSource, sourceNotBuilt } from './schemas.ts';

const schema = z.object({
  source: z.discriminatedUnion('type', [filesSource, gitSource, relaceSource]).nullish(),
  metadata: metadataField.optional(),
  auto_index: z.boolean().nullish(),
});

/** POST /repo. Without a source the repo is empty and `repo_head` is null until something is pushed. */
export const createRepo: AccountOperation = async (host, { req, res, signal }) => {
  const { source, metadata, auto_index } = check(schema, (await readJson(req, signal)) ?? {});
  if (source?.type === 'git' || source?.type === 'relace') throw sourceNotBuilt(source.type);
  const repoId = randomUUID();
  const createdAtMs = host.now();
  const head = await host.dirs.create(repoId, signal, async (repoDir) => {
    if (!source) return null;
    const place = { repoDir, homeDir: host.dirs.homeDir, signal };
    const commit = { message: 'Create repo', timeMs: createdAtMs };
    return (await commitTree(place, { ...commit, change: (before) => replaceTree(before, source.files) })).head;
  });
  // A repo without a record can be reached by nobody, so the record comes last.
  host.repos.add({
    repoId,
    createdAtMs,
    updatedAtMs: null,
    metadata: metadata ?? null,
    autoIndex: auto_index ?? false,
  });
  sendJson(res, 201, { repo_id: repoId, repo_head: head });
};
