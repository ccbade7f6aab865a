import type { RepoOperation } from '../host.ts';
import { serveRpc } from './serve-rpc.ts';

/** POST /repo/{id}.git/git-upload-pack: what a clone or fetch downloads. */
export const uploadPack: RepoOperation = (host, call) => serveRpc(host, call, 'upload-pack', async () => {});
