import { z } from 'zod';
import type { Host, RepoCall, RepoOperation } from '../host.ts';
import { check } from '../http/check.ts';
import { HostError } from '../http/host-error.ts';
import { readJson } from '../http/read-json.ts';
import { sendJson } from '../http/send-json.ts';
import { mergeFromGit } from '../import/merge-from-git.ts';
import { announcedBytes, inTurnIfLarge } from '../large-content.ts';
import { commitChange } from '../repos/commit-change.ts';
import type { CommitResult } from '../repos/commit-tree.ts';
import { readHead } from '../repos/head.ts';
import { applyOperations, replaceTree } from '../repos/operations.ts';
import { branchField, filesSource, metadataField, urlField } from './schemas.ts';

const operation = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('write'), filename: z.string(), content: z.string() }),
    z.object({ type: z.literal('delete'), filename: z.string() }),
    z.object({ type: z.literal('rename'), old_filename: z.string(), new_filename: z.string() }),
  ],
  'must be write, delete or rename',
);
const diffSource = z.object({ type: z.literal('diff'), operations: z.array(operation) });
const gitSource = z.object({ type: z.literal('git'), url: urlField, branch: branchField.nullish() });

const source = z.discriminatedUnion('type', [filesSource, diffSource, gitSource], 'must be files, diff or git');
const schema = z.object({
  source: source.nullish(),
  /** Replaces what was there; null clears it, and without the field it stays. */
  metadata: metadataField.optional(),
});

/** POST /repo/{id}/update: one commit on the default branch, or none when nothing changes. */
export const updateRepo: RepoOperation = (host, call) =>
  inTurnIfLarge(host, call, announcedBytes(call.req), () => update(host, call));

const update: RepoOperation = async (host, call) => {
  const { req, res, repo, place, signal } = call;
  const body = check(schema, (await readJson(req, signal)) ?? {});
  const result = body.source
    ? await change(host, call, body.source)
    : { head: (await readHead(place)).commit, changedFiles: [] };
  if (body.metadata !== undefined) host.repos.touch(repo.repoId, host.now(), body.metadata);
  sendJson(res, 200, { repo_id: repo.repoId, repo_head: result.head, changed_files: result.changedFiles });
};

async function change(host: Host, call: RepoCall, wanted: z.infer<typeof source>): Promise<CommitResult> {
  switch (wanted.type) {
    case 'files':
      return commitChange(host, call, {
        message: 'Update files',
        change: (before) => replaceTree(before, wanted.files),
      });
    case 'diff':
      return commitChange(host, call, {
        message: 'Update files',
        change: (before) => applyOperations(before, wanted.operations),
      });
    case 'git':
      requireAccount(call);
      return mergeFromGit(host, call, { url: wanted.url, branch: wanted.branch ?? null });
  }
}

/** An import asks any host for any path: a sandbox could send out by it what its own network does not let through. */
function requireAccount({ by }: RepoCall): void {
  if (by === 'account') return;
  throw new HostError('forbidden', 'an update of type git goes out to the network and needs an account key');
}
