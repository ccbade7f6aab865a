import { readInTurn } from '../answers/read-in-turn.ts';
import type { RepoCall, RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { checkFilePath, type BytePath } from '../repos/file-path.ts';
import { findEntry } from '../repos/find-entry.ts';
import { readHead } from '../repos/head.ts';
import type { ListedEntry } from '../repos/listing.ts';
import { sendBlob } from '../repos/send-blob.ts';

/**
 * GET /repo/{id}/file/{path}: the bytes that the default branch has there, streamed. Of a symbolic link they are the path it
 * points to; it is followed nowhere. Whatever the file holds, it is sent as bytes that no browser shows and no SDK parses.
 */
export const getFile: RepoOperation = async (host, call) => {
  const path = checkFilePath(call.params['path'] ?? '');
  await readInTurn(host, host.gates.reading, call, () => send(call, path));
};

async function send({ req, res, params, place }: RepoCall, path: BytePath): Promise<void> {
  const { commit } = await readHead(place);
  const entry = commit === null ? null : await findEntry(place, commit, path);
  requireContent(params['path'] ?? '', entry);
  const etag = `"${entry.objectId}"`;
  const headers = { etag, 'cache-control': 'private, no-cache', 'x-file-mode': entry.mode };
  // A proxy that packs an answer calls its tag weak (RFC 9110, 13.1.2: that makes no difference here).
  const known = (req.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag)) return void res.writeHead(304, headers).end();
  res.writeHead(200, {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': entry.sizeBytes,
    'x-content-type-options': 'nosniff',
  });
  if (req.method === 'HEAD') return void res.end();
  await sendBlob(place, entry.objectId, res);
}

function requireContent(path: string, entry: ListedEntry | null): asserts entry is ListedEntry {
  const shown = JSON.stringify(path);
  if (entry === null) throw new HostError('not_found', `there is no file ${shown}`);
  if (entry.mode === '040000') throw new HostError('not_found', `${shown} is a directory and no file`);
  if (entry.mode === '160000') throw new HostError('not_found', `${shown} is a submodule, whose files are elsewhere`);
}
