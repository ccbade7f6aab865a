import { z } from 'zod';
import type { Host, RepoCall, RepoOperation } from '../host.ts';
import { check } from '../http/check.ts';
import { HostError } from '../http/host-error.ts';
import { sendJson } from '../http/send-json.ts';
import { mergeFromGit } from '../import/merge-from-git.ts';
import type { ReceivedBody } from '../incoming/received-body.ts';
import { writeInTurn } from '../large-content.ts';
import { commitChange } from '../repos/commit-change.ts';
import type { CommitResult } from '../repos/commit-tree.ts';
import { readHead } from '../repos/head.ts';
import { applyOperations, replaceTree } from '../repos/operations.ts';
import { checkEach, findContents, MAX_JSON_BYTES, readContents } from './read-contents.ts';
import { branchField, contentField, fileItem, filesSource, metadataField, urlField } from './schemas.ts';

const operationItem = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('write'), filename: z.string(), content: contentField }),
    z.object({ type: z.literal('delete'), filename: z.string() }),
    z.object({ type: z.literal('rename'), old_filename: z.string(), new_filename: z.string() }),
  ],
  'must be write, delete or rename',
);
/** The items are checked one by one, later. */
const diffSource = z.object({ type: z.literal('diff'), operations: z.array(z.unknown()) });
const gitSource = z.object({ type: z.literal('git'), url: urlField, branch: branchField.nullish() });

const source = z.discriminatedUnion('type', [filesSource, diffSource, gitSource], 'must be files, diff or git');
const schema = z.object({
  source: source.nullish(),
  /** Replaces what was there; null clears it, and without the field it stays. */
  metadata: metadataField.optional(),
});
type Source = z.infer<typeof source>;

/** POST /repo/{id}/update: one commit on the default branch, or none when nothing changes. */
export const updateRepo: RepoOperation = async (host, call) => {
  const { res, repo } = call;
  await using received = await host.incoming.receive(call, { maxBytes: MAX_JSON_BYTES, what: 'the body' });
  const { metadata, result } = await writeInTurn(host, call, received, async () => {
    const body = check(schema, (await readContents(received)) ?? {});
    await host.room.take(call, received.bytes);
    return { metadata: body.metadata, result: await change(host, call, received, body.source ?? null) };
  });
  // An import waits for another host, and not with a place that others wait for.
  const { head, changedFiles } = typeof result === 'function' ? await result() : result;
  if (metadata !== undefined) host.repos.touch(repo.repoId, host.now(), metadata);
  sendJson(res, 200, { repo_id: repo.repoId, repo_head: head, changed_files: changedFiles });
};

async function change(
  host: Host,
  call: RepoCall,
  received: ReceivedBody,
  wanted: Source | null,
): Promise<CommitResult | (() => Promise<CommitResult>)> {
  switch (wanted?.type) {
    case undefined:
      return { head: (await readHead(call.place)).commit, changedFiles: [] };
    case 'files': {
      const files = await findContents(received, await checkEach(fileItem, wanted.files, 'source.files'));
      return commitChange(host, call, { message: 'Update files', change: replaceTree(files) });
    }
    case 'diff': {
      const operations = await checkEach(operationItem, wanted.operations, 'source.operations');
      const writes = operations.filter((each) => each.type === 'write');
      const others = operations.filter((each) => each.type !== 'write');
      const diff = await applyOperations([...(await findContents(received, writes)), ...others]);
      return commitChange(host, call, { message: 'Update files', change: diff });
    }
    case 'git':
      requireAccount(call);
      return () => mergeFromGit(host, call, { url: wanted.url, branch: wanted.branch ?? null });
  }
}

/** An import asks any host for any path: a sandbox could send out by it what its own network does not let through. */
function requireAccount({ by }: RepoCall): void {
  if (by === 'account') return;
  throw new HostError('forbidden', 'an update of type git goes out to the network and needs an account key');
}
