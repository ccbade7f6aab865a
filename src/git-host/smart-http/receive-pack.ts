import type { RepoOperation } from '../host.ts';
import { HostError, type HostErrorCode } from '../http/host-error.ts';
import { adoptBranch, digestRefs } from '../repos/head.ts';
import { refuseRefs } from './refuse-refs.ts';
import { receiveRequest } from './request-body.ts';
import { serveRpc } from './serve-rpc.ts';
import { endAnswer } from './stream-git.ts';

/** Thrown before git has begun to answer. */
const IN_GIT_WORDS: readonly HostErrorCode[] = ['locked', 'no_space', 'too_large'];

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
      host.locks.hold(repo.repoId, signal, async () => {
        await host.room.take(call, body.bytes);
        await host.writers.run(place.repoDir, receive);
      }),
    );
  } catch (error) {
    if (!(error instanceof HostError && IN_GIT_WORDS.includes(error.code)) || res.headersSent) throw error;
    await refuseRefs(res, body, error);
    return;
  }
  await endAnswer(res, signal);
};
