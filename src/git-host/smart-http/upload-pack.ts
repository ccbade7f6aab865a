import type { RepoOperation } from '../host.ts';
import { serveRpc } from './serve-rpc.ts';

/** POST /repo/{id}.git/git-upload-pack: what a clone or fetch downloads. */
export const uploadPack: RepoOperation = (host, call) =>
  host.gates.transfer.run(call.by, call.signal, () => serveRpc(host, call, 'upload-pack', async () => {}));
