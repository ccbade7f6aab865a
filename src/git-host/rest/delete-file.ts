import type { RepoOperation } from '../host.ts';
import { sendJson } from '../http/send-json.ts';
import { commitChange } from '../repos/commit-change.ts';
import { checkFilePath } from '../repos/file-path.ts';
import { deleteFile } from '../repos/operations.ts';

/** DELETE /repo/{id}/file/{path}: one commit on the default branch without this file. */
export const deleteFileOfRepo: RepoOperation = async (host, call) => {
  const { res, params, repo, by, signal } = call;
  const name = params['path'] ?? '';
  const path = checkFilePath(name);
  const change = { message: `Delete ${name}`, change: deleteFile(path) };
  const result = await host.gates.writing.run(by, signal, () => commitChange(host, call, change));
  sendJson(res, 200, { repo_id: repo.repoId, repo_head: result.head, changed_files: result.changedFiles });
};
