import { mapInSlices, sortInSlices } from '../breath.ts';
import { HostError } from '../http/host-error.ts';
import { GitFailed, runGit } from '../git/run-git.ts';
import { fromBytePath, type BytePath } from './file-path.ts';
import { readHead, type Head, type RepoPlace } from './head.ts';
import { importStream } from './import-stream.ts';
import { listFiles } from './listing.ts';
import type { TreeChange } from './operations.ts';
import { changesBetween, type Tree, type TreeEntry } from './tree.ts';

/** That one change is about, above which it comes by git. */
const MAX_FILES = 50_000;
const MAX_PATH_BYTES = 16 * 1024 * 1024;

export interface CommitResult {
  /** The default branch's commit afterwards; null while it has none. */
  head: string | null;
  changedFiles: string[];
}

/**
 * Makes one commit on the default branch whose tree is what the change makes of the one before. A tree that stays as it is makes no commit, so
 * that sending the same update again, as the SDK does after a lost answer, changes nothing. Throws `conflict` when a push
 * moved the branch meanwhile, and whatever `change` throws.
 */
export async function commitTree(
  place: RepoPlace,
  commit: { message: string; timeMs: number; change: TreeChange },
): Promise<CommitResult> {
  const head = await readHead(place);
  const before = head.commit === null ? new Map() : await readTree(place, head.commit, commit.change.concerns);
  const changes = await changesBetween(before, await commit.change.apply(before));
  const changedPaths = [...changes.deleted, ...changes.written.map(([path]) => path)];
  if (changedPaths.length === 0) return { head: head.commit, changedFiles: [] };
  requireFew(changedPaths.length);
  const stream = importStream({ parent: head.commit, message: commit.message, timeMs: commit.timeMs, changes });
  const args = ['fast-import', '--quiet', '--done', '--date-format=raw'];
  const created = (await runGit({ ...place, args }, stream)).toString().trim();
  await moveBranch(place, head, created);
  return { head: created, changedFiles: await sortInSlices(await mapInSlices(changedPaths, fromBytePath)) };
}

/** The files that a change is about: of a large tree there is never the whole in memory. */
async function readTree(place: RepoPlace, commit: string, concerns: (path: BytePath) => boolean): Promise<Tree> {
  const tree = new Map<BytePath, TreeEntry>();
  let pathBytes = 0;
  for await (const batch of listFiles(place, commit, { sizes: false })) {
    for (const { path, mode, objectId } of batch) {
      if (!concerns(path)) continue;
      tree.set(path, { mode, objectId, content: null });
      pathBytes += path.length;
    }
    requireFew(pathBytes > MAX_PATH_BYTES ? Infinity : tree.size);
  }
  return tree;
}

function requireFew(files: number): void {
  if (files > MAX_FILES) throw new HostError('too_large', `more than ${MAX_FILES} files are concerned; use git push`);
}

/** Compare-and-set: moves only from the commit that the change was made for. */
export async function moveBranch(place: RepoPlace, from: Head, to: string): Promise<void> {
  const old = from.commit ?? '0'.repeat(40);
  try {
    await runGit({ ...place, args: ['update-ref', '--stdin', '-z'] }, [`update ${from.ref}\0${to}\0${old}\0`]);
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    const now = await readHead(place);
    // A branch that is where it was cannot be written for another reason, such as a full disk.
    if (now.commit === from.commit) throw error;
    throw new HostError('conflict', `a push moved ${from.ref} meanwhile; send the update again`, { cause: error });
  }
}
