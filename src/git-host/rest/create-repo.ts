import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AccountOperation, Host } from '../host.ts';
import { check } from '../http/check.ts';
import { HostError } from '../http/host-error.ts';
import { readJson } from '../http/read-json.ts';
import { sendJson } from '../http/send-json.ts';
import { createFromGit } from '../import/create-from-git.ts';
import { createFromRepo } from '../import/create-from-repo.ts';
import { announcedBytes, inTurnIfLarge } from '../large-content.ts';
import { commitTree } from '../repos/commit-tree.ts';
import type { RepoPlace } from '../repos/head.ts';
import { replaceTree } from '../repos/operations.ts';
import { branchField, filesSource, hashField, metadataField, repoIdField, urlField } from './schemas.ts';

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
export const createRepo: AccountOperation = (host, call) =>
  inTurnIfLarge(host, { ...call, by: 'account' }, announcedBytes(call.req), () => create(host, call));

const create: AccountOperation = async (host, { req, res, signal }) => {
  const body = check(schema, (await readJson(req, signal)) ?? {});
  const metadata = metadataOf(host, body);
  const repoId = randomUUID();
  const createdAtMs = host.now();
  const head = await host.dirs.create(
    repoId,
    signal,
    (repoDir) => fill(host, { repoDir, homeDir: host.dirs.homeDir, signal }, body.source ?? null, createdAtMs),
    // A repo without a record can be reached by nobody, so the record comes last.
    () => host.repos.add({ repoId, createdAtMs, updatedAtMs: null, metadata, autoIndex: body.auto_index ?? false }),
  );
  sendJson(res, 201, { repo_id: repoId, repo_head: head });
};

/** What the request gives goes before what the copied repo has. */
function metadataOf(host: Host, { source: from, metadata }: Body): Record<string, string> | null {
  if (from?.type !== 'relace') return metadata ?? null;
  const copied = host.repos.find(from.repo_id);
  if (copied === null) throw notFound(from.repo_id);
  return metadata ?? (from.copy_metadata === true ? copied.metadata : null);
}

async function fill(
  host: Host,
  place: RepoPlace,
  from: (Body['source'] & {}) | null,
  timeMs: number,
): Promise<string | null> {
  switch (from?.type) {
    case undefined:
      return null;
    case 'files': {
      const change = {
        message: 'Create repo',
        timeMs,
        change: (before: Parameters<typeof replaceTree>[0]) => replaceTree(before, from.files),
      };
      return (await commitTree(place, change)).head;
    }
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
