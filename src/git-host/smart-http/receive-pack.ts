import type { RepoCall, RepoOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { adoptBranch, listRefs } from '../repos/head.ts';
import { refuseLocked } from './refuse-locked.ts';
import { serveRpc } from './serve-rpc.ts';

/** POST /repo/{id}.git/git-receive-pack: what a push uploads. HEAD is right before the pusher hears of success. */
export const receivePack: RepoOperation = async (host, call) => {
  const { repo, place, signal } = call;
  const receive = async (): Promise<void> => {
    const refs = await listRefs(place);
    await serveRpc(host, call, 'receive-pack', async () => {
      await adoptBranch(place);
      // The probe of a large push, and one whose refs were all refused, change nothing.
      if ((await listRefs(place)) !== refs) host.repos.touch(repo.repoId, host.now());
    });
  };
  try {
    await host.gates.transfer.run(call.by, signal, () =>
      host.locks.hold(repo.repoId, signal, () => {
        endIfStalled(call, host.pushStallMs);
        return host.writers.run(place.repoDir, receive);
      }),
    );
  } catch (error) {
    if (!(error instanceof HostError && error.code === 'locked')) throw error;
    await refuseLocked(call, error);
  }
};

/** Cuts the connection of a push that stands still, as when its machine vanished; what git does when it has all of it may take long. */
function endIfStalled({ req }: Pick<RepoCall, 'req'>, stallMs: number): void {
  const { socket } = req;
  const usualMs = socket.timeout ?? 0;
  socket.setTimeout(stallMs);
  req.once('end', () => socket.setTimeout(usualMs));
}
