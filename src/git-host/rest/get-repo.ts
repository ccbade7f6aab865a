import type { RepoOperation } from '../host.ts';
import { sendJson } from '../http/send-json.ts';
import { repoToWire } from './schemas.ts';

/** GET /repo/{id}. */
export const getRepo: RepoOperation = async (host, { res, repo }) =>
  sendJson(res, 200, repoToWire({ ...repo, metadata: host.repos.metadataOf(repo.repoId) }));
