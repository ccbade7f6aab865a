import { cloneRepo } from './rest/clone-repo.ts';
import { createRepo } from './rest/create-repo.ts';
import { createToken } from './rest/create-token.ts';
import { deleteFileOfRepo } from './rest/delete-file.ts';
import { deleteRepo } from './rest/delete-repo.ts';
import { deleteToken } from './rest/delete-token.ts';
import { noSuchCall, noSuchRepoCall, wrongMethod } from './rest/fallbacks.ts';
import { getFile } from './rest/get-file.ts';
import { getRepo } from './rest/get-repo.ts';
import { getToken } from './rest/get-token.ts';
import { listRepos } from './rest/list-repos.ts';
import { listTokens } from './rest/list-tokens.ts';
import { notBuilt } from './rest/not-built.ts';
import { putFileContent } from './rest/put-file.ts';
import { updateRepo } from './rest/update-repo.ts';
import type { Route } from './route.ts';
import { refuseArchive, refuseDumb, refuseLfs } from './smart-http/not-offered.ts';
import { infoRefs } from './smart-http/info-refs.ts';
import { receivePack } from './smart-http/receive-pack.ts';
import { uploadPack } from './smart-http/upload-pack.ts';

const notBuiltAi = notBuilt('this hosted AI feature', 'it is part of the hosted service only');

/** Every call of the host, in the order in which a request is matched. The last ones catch what no other takes. */
export const ROUTES: readonly Route[] = [
  { method: 'post', path: '/repo_token', need: 'account', run: createToken },
  { method: 'get', path: '/repo_token', need: 'account', run: listTokens },
  { method: 'all', path: '/repo_token', need: 'account', run: wrongMethod('GET, POST') },
  { method: 'get', path: '/repo_token/:token', need: 'account', run: getToken },
  { method: 'delete', path: '/repo_token/:token', need: 'account', run: deleteToken },
  { method: 'all', path: '/repo_token/:token', need: 'account', run: wrongMethod('GET, DELETE') },

  { method: 'get', path: '/repo/:repoId.git/info/refs', need: 'read', git: true, run: infoRefs },
  { method: 'post', path: '/repo/:repoId.git/git-upload-pack', need: 'read', git: true, run: uploadPack },
  { method: 'post', path: '/repo/:repoId.git/git-receive-pack', need: 'write', git: true, run: receivePack },
  { method: 'all', path: '/repo/:repoId.git/git-upload-archive', need: 'read', git: true, run: refuseArchive },
  { method: 'all', path: '/repo/:repoId.git/info/lfs/*rest', need: 'read', git: true, run: refuseLfs },
  { method: 'all', path: '/repo/:repoId.git/*rest', need: 'read', git: true, run: refuseDumb },

  { method: 'post', path: '/repo', need: 'account', run: createRepo },
  { method: 'get', path: '/repo', need: 'account', run: listRepos },
  { method: 'all', path: '/repo', need: 'account', run: wrongMethod('GET, POST') },
  { method: 'get', path: '/repo/:repoId', need: 'read', run: getRepo },
  { method: 'delete', path: '/repo/:repoId', need: 'account', run: deleteRepo },
  { method: 'all', path: '/repo/:repoId', need: 'read', run: wrongMethod('GET, DELETE') },
  { method: 'post', path: '/repo/:repoId/update', need: 'write', run: updateRepo },
  { method: 'all', path: '/repo/:repoId/update', need: 'read', run: wrongMethod('POST') },

  { method: 'get', path: '/repo/:repoId/clone', need: 'read', run: cloneRepo },
  { method: 'all', path: '/repo/:repoId/clone', need: 'read', run: wrongMethod('GET') },
  { method: 'get', path: '/repo/:repoId/file/*path', need: 'read', run: getFile },
  { method: 'put', path: '/repo/:repoId/file/*path', need: 'write', run: putFileContent },
  { method: 'delete', path: '/repo/:repoId/file/*path', need: 'write', run: deleteFileOfRepo },
  { method: 'all', path: '/repo/:repoId/file/*path', need: 'read', run: wrongMethod('GET, PUT, DELETE') },

  { method: 'post', path: '/repo/:repoId/retrieve', need: 'read', run: notBuiltAi },
  { method: 'all', path: '/repo/:repoId/retrieve', need: 'read', run: wrongMethod('POST') },
  { method: 'post', path: '/repo/:repoId/search', need: 'read', run: notBuiltAi },
  { method: 'all', path: '/repo/:repoId/search', need: 'read', run: wrongMethod('POST') },
  { method: 'post', path: '/repo/:repoId/agent', need: 'read', run: notBuiltAi },
  { method: 'all', path: '/repo/:repoId/agent', need: 'read', run: wrongMethod('POST') },
  { method: 'get', path: '/repo/:repoId/embedding_status', need: 'read', run: notBuiltAi },
  { method: 'all', path: '/repo/:repoId/embedding_status', need: 'read', run: wrongMethod('GET') },

  { method: 'all', path: '/repo/:repoId/*rest', need: 'read', run: noSuchRepoCall },
  { method: 'all', path: '/*rest', need: 'account', run: noSuchCall },
];
