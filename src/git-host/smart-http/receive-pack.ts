import type { RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { adoptBranch } from '../repos/head.ts';
import { refuseLocked } from './refuse-locked.ts';
import { serveRpc } from './serve-rpc.ts';

/** POST /repo/{id}.git/git-receive-pack: what a push uploads. HEAD is right before the pusher hears of success. */
export const receivePack: RepoOperation = async (host, call) => {
  const { repo, place, signal } = call;
  const settle = async (): Promise<void> => {
    await adoptBranch(place);
    host.repos.touch(repo.repoId, host.now());
  };
  try {
    await host.gates.transfer.run(call.by, signal, () =>
      host.locks.hold(repo.repoId, signal, () =>
        host.writers.run(place.repoDir, () => serveRpc(host, call, 'receive-pack', settle)),
      ),
    );
  } catch (error) {
    if (!(error instanceof HostError && error.code === 'locked')) throw error;
    await refuseLocked(call, error);
  }
};
