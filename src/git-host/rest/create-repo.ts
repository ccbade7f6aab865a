import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AccountOperation, Call, Host } from '../host.ts';
import { check } from '../http/check.ts';
import { HostError } from '../http/host-error.ts';
import { sendJson } from '../http/send-json.ts';
import { createFromGit } from '../import/create-from-git.ts';
import { createFromRepo } from '../import/create-from-repo.ts';
import { writeInTurn } from '../large-content.ts';
import { commitTree } from '../repos/commit-tree.ts';
import type { RepoPlace } from '../repos/head.ts';
import { replaceTree, type FileContent } from '../repos/operations.ts';
import { checkEach, findContents, MAX_JSON_BYTES, readContents } from './read-contents.ts';
import { branchField, fileItem, filesSource, hashField, metadataField, repoIdField, urlField } from './schemas.ts';

const gitSource = z.object({
  type: z.literal('git'),
  url: urlField,
  branch: branchField.nullish(),
  hash: hashField.nullish(),
});
const relaceSource = z.object({
  type: z.literal('relace'),
  repo_id: repoIdField,
  copy_metadata: z.boolean().nullish(),
  /** Taken and without effect: this host keeps no remote of a repo, since its URL may hold a token. */
  copy_remote: z.boolean().nullish(),
});
const source = z.discriminatedUnion('type', [filesSource, gitSource, relaceSource], 'must be files, git or relace');
const schema = z.object({
  source: source.nullish(),
  metadata: metadataField.optional(),
  auto_index: z.boolean().nullish(),
});
type Body = z.infer<typeof schema>;

/** POST /repo. Without a source the repo is empty and `repo_head` is null until something is pushed. */
export const createRepo: AccountOperation = async (host, call) => {
  await using received = await host.incoming.receive(call, { maxBytes: MAX_JSON_BYTES, what: 'the body' });
  const finish = await writeInTurn(host, call, received, async () => {
    const body = check(schema, (await readContents(received)) ?? {});
    const { source: from = null } = body;
    if (from?.type !== 'files') return () => create(host, call, body, from);
    const files = await findContents(received, await checkEach(fileItem, from.files, 'source.files'));
    const created = await create(host, call, body, { type: 'files', files });
    return async () => created;
  });
  // An import waits for another host, and not with a place that others wait for.
  sendJson(call.res, 201, await finish());
};

type Filling = { type: 'files'; files: FileContent[] } | Exclude<NonNullable<Body['source']>, { type: 'files' }>;

async function create(host: Host, { signal }: Call, body: Body, filling: Filling | null): Promise<object> {
  const metadata = metadataOf(host, body);
  const repoId = randomUUID();
  const createdAtMs = host.now();
  const head = await host.dirs.create(
    repoId,
    signal,
    (repoDir) => fill(host, { repoDir, homeDir: host.dirs.homeDir, signal }, filling, createdAtMs),
    // A repo without a record can be reached by nobody, so the record comes last.
    () => host.repos.add({ repoId, createdAtMs, updatedAtMs: null, metadata, autoIndex: body.auto_index ?? false }),
  );
  return { repo_id: repoId, repo_head: head };
}

/** What the request gives goes before what the copied repo has. */
function metadataOf(host: Host, { source: from, metadata }: Body): Record<string, string> | null {
  if (from?.type !== 'relace') return metadata ?? null;
  if (host.repos.find(from.repo_id) === null) throw notFound(from.repo_id);
  return metadata ?? (from.copy_metadata === true ? host.repos.metadataOf(from.repo_id) : null);
}

async function fill(host: Host, place: RepoPlace, from: Filling | null, timeMs: number): Promise<string | null> {
  switch (from?.type) {
    case undefined:
      return null;
    case 'files':
      return (await commitTree(place, { message: 'Create repo', timeMs, change: replaceTree(from.files) })).head;
    case 'git': {
      const wanted = { branch: from.branch ?? null, hash: from.hash ?? null };
      return host.imports.run(place, from.url, (limited, remote) => createFromGit(limited, remote, wanted));
    }
    case 'relace':
      return copy(host, place, from.repo_id);
  }
}

/** A use of the copied repo: deleting it ends the copying. */
async function copy(host: Host, place: RepoPlace, repoId: string): Promise<string | null> {
  const use = host.uses.begin({ tokenHash: null, repoId, expiresAtMs: null });
  try {
    await use.ready;
    if (host.repos.find(repoId) === null) throw notFound(repoId);
    const signal = AbortSignal.any([place.signal, use.signal]);
    return await createFromRepo({ ...place, signal }, host.dirs.pathOf(repoId));
  } finally {
    use.end();
  }
}

function notFound(repoId: string): HostError {
  return new HostError('not_found', `repo ${repoId} not found`);
}
