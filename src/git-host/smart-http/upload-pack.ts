import { readInTurn } from '../answers/read-in-turn.ts';
import type { RepoOperation } from '../host.ts';
import { receiveRequest } from './request-body.ts';
import { serveRpc } from './serve-rpc.ts';
import { endAnswer } from './stream-git.ts';

/** POST /repo/{id}.git/git-upload-pack: what a clone or fetch downloads. */
export const uploadPack: RepoOperation = async (host, call) => {
  await using body = await receiveRequest(host, call, 'upload-pack');
  await readInTurn(host, host.gates.reading, call, async () => {
    await serveRpc(host, call, 'upload-pack', body);
    await endAnswer(call.res, call.signal);
  });
};
