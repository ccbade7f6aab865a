import type { RepoOperation } from '../host.ts';
import { sendJson } from '../http/send-json.ts';
import { commitChange } from '../repos/commit-change.ts';
import { checkFilePath } from '../repos/file-path.ts';
import { MAX_FILE_BYTES, putFile } from '../repos/operations.ts';
import { writeBlob } from '../repos/write-blob.ts';

/**
 * PUT /repo/{id}/file/{path}: the body's bytes, whatever they are, in one commit on the default branch; none when the file has
 * them already. The body is taken in before anything else, so that a slow client holds up nobody.
 */
export const putFileContent: RepoOperation = async (host, call) => {
  const { res, params, repo, place, by, signal } = call;
  const name = params['path'] ?? '';
  const path = checkFilePath(name);
  await using body = await host.incoming.receive(call, { maxBytes: MAX_FILE_BYTES, what: 'the file' });
  const result = await host.gates.writing.run(by, signal, async () => {
    await host.room.take(call, body.bytes);
    const objectId = await host.writers.run(place.repoDir, () => writeBlob(place, body.read()));
    return commitChange(host, call, { message: `Write ${name}`, change: putFile(path, objectId) });
  });
  sendJson(res, 200, { repo_id: repo.repoId, repo_head: result.head, changed_files: result.changedFiles });
};
