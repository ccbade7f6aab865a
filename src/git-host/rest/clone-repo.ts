import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Utf8Check } from '../../json/utf8.ts';
import { readInTurn } from '../answers/read-in-turn.ts';
import type { RepoCall, RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { fromBytePath } from '../repos/file-path.ts';
import { listFiles, type ListedEntry } from '../repos/listing.ts';
import { MAX_FILE_BYTES } from '../repos/operations.ts';
import { openBlobs, type Blobs } from '../repos/read-blobs.ts';
import { resolveCommit } from '../repos/resolve-commit.ts';
import { createJsonText } from './json-text.ts';

/** Of all files together. What is larger is for `git clone`, which packs it. */
export const MAX_CLONE_BYTES = 256 * 1024 * 1024;
/** A file that is larger is read twice: to find out whether it is text, and to send it. */
const WHOLE_BYTES = 256 * 1024;

/** Why a file is not in the answer as text. */
type Reason = 'binary' | 'symlink' | 'submodule' | 'too_large' | 'filename';

/**
 * GET /repo/{id}/clone: all files of a commit that are text in UTF-8, streamed, so that the host holds a piece of one file at a
 * time, and a few lines of the list of them. This host's own `skipped` names the others and says why; GET file has their bytes.
 */
export const cloneRepo: RepoOperation = (host, call) =>
  readInTurn(host, host.gates.reading, call, async () => {
    const { query, place } = call;
    const commit = await resolveCommit(place, query.get('commit') || null);
    if (commit !== null) await requireModest(call, commit);
    await sendFiles(call, commit);
  });

async function requireModest({ place }: RepoCall, commit: string): Promise<void> {
  let totalBytes = 0;
  for await (const batch of listFiles(place, commit, { sizes: true })) {
    for (const entry of batch) if (reasonToSkip(entry) === null) totalBytes += entry.sizeBytes;
  }
  if (totalBytes <= MAX_CLONE_BYTES) return;
  throw new HostError('too_large', `the files have ${totalBytes} bytes, above ${MAX_CLONE_BYTES}; use git clone`);
}

async function sendFiles({ req, res, place, signal }: RepoCall, commit: string | null): Promise<void> {
  res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  if (req.method === 'HEAD') return void res.end();
  const write = (text: string): Promise<void> => writeTo(res, text, signal);
  const binary = new Set<number>();
  await write('{"files":[');
  if (commit !== null) {
    await using blobs = openBlobs(place);
    const send = createFileSender(blobs, write);
    for await (const [at, entry] of numbered(listFiles(place, commit, { sizes: true }))) {
      if (reasonToSkip(entry) === null && !(await send(entry))) binary.add(at);
    }
  }
  await write('],"skipped":[');
  let isFirst = true;
  for (const isBinary of [false, true]) {
    if (commit === null || (isBinary && binary.size === 0)) continue;
    for await (const [at, entry] of numbered(listFiles(place, commit, { sizes: true }))) {
      const reason: Reason | null = isBinary ? (binary.has(at) ? 'binary' : null) : reasonToSkip(entry);
      if (reason === null) continue;
      await write(`${isFirst ? '' : ','}${JSON.stringify({ filename: fromBytePath(entry.path), reason })}`);
      isFirst = false;
    }
  }
  res.end(']}');
}

/** Sends one file after the other; false for one that is no text, of which nothing was sent. */
function createFileSender(blobs: Blobs, write: (text: string) => Promise<void>) {
  let isFirst = true;
  const begin = async ({ path }: ListedEntry): Promise<void> => {
    await write(`${isFirst ? '' : ','}{"filename":${JSON.stringify(fromBytePath(path))},"content":"`);
    isFirst = false;
  };
  return async (entry: ListedEntry): Promise<boolean> => {
    if (entry.sizeBytes <= WHOLE_BYTES) {
      const content = Buffer.concat(await Array.fromAsync(blobs.read(entry.objectId)));
      if (!isUtf8(content)) return false;
      await begin(entry);
      await write(`${JSON.stringify(content.toString('utf8')).slice(1)}}`);
      return true;
    }
    if (!(await isText(blobs.read(entry.objectId)))) return false;
    await begin(entry);
    const text = createJsonText();
    for await (const piece of blobs.read(entry.objectId)) await write(text.push(piece));
    await write('"}');
    return true;
  };
}

async function isText(pieces: AsyncIterable<Buffer>): Promise<boolean> {
  const check = new Utf8Check();
  let isRight = true;
  // All of them: the next file follows in the same stream.
  for await (const piece of pieces) isRight &&= check.push(piece);
  return isRight && check.isWhole();
}

async function* numbered(batches: AsyncIterable<ListedEntry[]>): AsyncGenerator<[number, ListedEntry]> {
  let at = 0;
  for await (const batch of batches) for (const entry of batch) yield [at++, entry];
}

function reasonToSkip({ path, mode, sizeBytes }: ListedEntry): Reason | null {
  if (mode === '120000') return 'symlink';
  if (mode === '160000') return 'submodule';
  if (sizeBytes > MAX_FILE_BYTES) return 'too_large';
  return isUtf8(Buffer.from(path, 'latin1')) ? null : 'filename';
}

/** Waits for a client that reads slowly. */
async function writeTo(res: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!res.write(text)) await once(res, 'drain', { signal });
}
