import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { RepoCall, RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { inTurnIfLarge } from '../large-content.ts';
import { fromBytePath } from '../repos/file-path.ts';
import type { RepoPlace } from '../repos/head.ts';
import { parseListing, type ListedEntry } from '../repos/listing.ts';
import { MAX_FILE_BYTES } from '../repos/operations.ts';
import { readBlobs } from '../repos/read-blobs.ts';
import { resolveCommit } from '../repos/resolve-commit.ts';
import { runGit } from '../git/run-git.ts';
import { jsonText } from './json-text.ts';

/** Of all files together. What is larger is for `git clone`, which packs it. */
export const MAX_CLONE_BYTES = 256 * 1024 * 1024;

/** Why a file is not in the answer as text. */
type Skipped = { filename: string; reason: 'binary' | 'symlink' | 'submodule' | 'too_large' | 'filename' };

/**
 * GET /repo/{id}/clone: all files of a commit that are text in UTF-8, streamed, so that the host holds one file at a time.
 * This host's own `skipped` names the others and says why; GET file has their bytes.
 */
export const cloneRepo: RepoOperation = async (host, call) => {
  const { query, place, signal } = call;
  const commit = await resolveCommit(place, query.get('commit') || null);
  const entries = commit === null ? [] : await entriesOf(place, commit);
  const readable = entries.filter((entry) => reasonToSkip(entry) === null);
  const totalBytes = readable.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (totalBytes > MAX_CLONE_BYTES) {
    throw new HostError('too_large', `the files have ${totalBytes} bytes, above ${MAX_CLONE_BYTES}; use git clone`);
  }
  const skipped = entries.flatMap((entry) => skippedOf(entry, reasonToSkip(entry)));
  const largestBytes = readable.reduce((largest, { sizeBytes }) => Math.max(largest, sizeBytes), 0);
  await inTurnIfLarge(host, call, largestBytes, () =>
    host.gates.transfer.run(call.by, signal, () => sendFiles(call, readable, skipped)),
  );
};

async function sendFiles(
  { req, res, place, signal }: RepoCall,
  readable: ListedEntry[],
  skippedUnread: Skipped[],
): Promise<void> {
  res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  if (req.method === 'HEAD') return void res.end();
  const skipped = [...skippedUnread];
  const write = (text: string): Promise<void> => writeTo(res, text, signal);
  await write('{"files":[');
  let isFirst = true;
  let index = 0;
  for await (const content of readBlobs(
    place,
    readable.map(({ objectId }) => objectId),
  )) {
    const entry = readable[index++] as ListedEntry;
    if (!isUtf8(content)) {
      skipped.push(...skippedOf(entry, 'binary'));
      continue;
    }
    await write(`${isFirst ? '' : ','}{"filename":${JSON.stringify(fromBytePath(entry.path))},"content":"`);
    isFirst = false;
    for (const piece of jsonText(content)) await write(piece);
    await write('"}');
  }
  res.end(`],"skipped":${JSON.stringify(skipped)}}`);
}

async function entriesOf(place: RepoPlace, commit: string): Promise<ListedEntry[]> {
  return parseListing(await runGit({ ...place, args: ['ls-tree', '-r', '-z', '-l', '--full-tree', commit] }));
}

function reasonToSkip({ path, mode, sizeBytes }: ListedEntry): Skipped['reason'] | null {
  if (mode === '120000') return 'symlink';
  if (mode === '160000') return 'submodule';
  if (sizeBytes > MAX_FILE_BYTES) return 'too_large';
  return isUtf8(Buffer.from(path, 'latin1')) ? null : 'filename';
}

function skippedOf({ path }: ListedEntry, reason: Skipped['reason'] | null): Skipped[] {
  return reason === null ? [] : [{ filename: fromBytePath(path), reason }];
}

/** Waits for a client that reads slowly. */
async function writeTo(res: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!res.write(text)) await once(res, 'drain', { signal });
}
