import type { RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { adoptBranch, digestRefs } from '../repos/head.ts';
import { refuseLocked } from './refuse-locked.ts';
import { receiveRequest } from './request-body.ts';
import { serveRpc } from './serve-rpc.ts';
import { endAnswer } from './stream-git.ts';

/**
 * POST /repo/{id}.git/git-receive-pack: what a push uploads. It has a place and its repo's lock only when all of it has arrived, and
 * not any more while its answer is read. HEAD is right before the pusher hears of success.
 */
export const receivePack: RepoOperation = async (host, call) => {
  const { repo, place, res, by, signal } = call;
  await using body = await receiveRequest(host, call, 'receive-pack');
  const receive = async (): Promise<void> => {
    const refs = await digestRefs(place);
    const { exitCode } = await serveRpc(host, call, 'receive-pack', body);
    if (exitCode !== 0) return;
    await adoptBranch(place);
    // The probe of a large push, and one whose refs were all refused, change nothing.
    if ((await digestRefs(place)) !== refs) host.repos.touch(repo.repoId, host.now());
  };
  try {
    await host.gates.writing.run(by, signal, () =>
      host.locks.hold(repo.repoId, signal, () => host.writers.run(place.repoDir, receive)),
    );
  } catch (error) {
    if (!(error instanceof HostError && error.code === 'locked')) throw error;
    await refuseLocked(res, body, error);
    return;
  }
  await endAnswer(res, signal);
};
