import type { RepoOperation } from '../host.ts';
import { limitedBody } from '../http/limited-body.ts';
import { sendJson } from '../http/send-json.ts';
import { commitChange } from '../repos/commit-change.ts';
import { checkFilePath } from '../repos/file-path.ts';
import { MAX_FILE_BYTES, putFile } from '../repos/operations.ts';
import { writeBlob } from '../repos/write-blob.ts';

/**
 * PUT /repo/{id}/file/{path}: the body's bytes, whatever they are, in one commit on the default branch; none when the file has
 * them already. The body is taken in before the lock, so that a slow client holds up nobody.
 */
export const putFileContent: RepoOperation = async (host, call) => {
  const { req, res, params, repo, place, signal } = call;
  const name = params['path'] ?? '';
  const path = checkFilePath(name);
  const body = limitedBody(req, { maxBytes: MAX_FILE_BYTES, what: 'the file', signal });
  const objectId = await host.writers.run(place.repoDir, () => writeBlob(place, body));
  const result = await commitChange(host, call, {
    message: `Write ${name}`,
    change: (before) => putFile(before, path, objectId),
  });
  sendJson(res, 200, { repo_id: repo.repoId, repo_head: result.head, changed_files: result.changedFiles });
};
