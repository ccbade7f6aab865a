import type { RepoOperation } from '../host.ts';
import { adoptBranch } from '../repos/head.ts';
import { serveRpc } from './serve-rpc.ts';

/** POST /repo/{id}.git/git-receive-pack: what a push uploads. HEAD is right before the pusher hears of success. */
export const receivePack: RepoOperation = async (host, call) => {
  const { repo, place } = call;
  const settle = async (): Promise<void> => {
    await host.serial.run(repo.repoId, () => adoptBranch(place));
    host.repos.touch(repo.repoId, host.now());
  };
  await host.gates.transfer.run(call.by, call.signal, () =>
    host.writers.run(place.repoDir, () => serveRpc(host, call, 'receive-pack', settle)),
  );
};
