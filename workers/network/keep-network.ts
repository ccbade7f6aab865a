import { hasGateway, isInPlace, openGateway } from '../../src/egress/policy-files.ts';
import { isOwnFault } from '../../src/ops/own-fault.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Life, SessionNetwork } from '../life.ts';
import { transparentPorts } from '../../src/session/transparent-ports.ts';
import type { InitClient } from '../init-client.ts';
import { policyOf } from './policy-of.ts';

/** What is in the file is looked at this often: a worker that was frozen may have written what it knew before. */
const LOOK_EVERY_MS = 1_000;

/**
 * Holds a sandbox's policy to what its session's record says, now and whenever that is changed, until the returned function
 * is called. The gateway sees the file, decides by it and cuts what it does not allow; init takes connections to names on
 * the ports that are in use.
 */
export function keepNetwork(
  { config, log }: Pick<WorkerDeps, 'config' | 'log'>,
  session: SessionRecord,
  {
    id: sandboxId,
    init,
    life,
  }: { id: string; init: Pick<InitClient, 'setPorts'>; life: Pick<Life, 'onNetwork' | 'fail'> },
): () => void {
  const { runDir } = config;
  let wanted: SessionNetwork = { allow: [], tokenId: session.tokenId };
  let closed = false;
  let turn = Promise.resolve();

  const write = async (): Promise<void> => {
    if (closed) return;
    const policy = policyOf({ ...session, tokenId: wanted.tokenId }, sandboxId, wanted.allow);
    if ((await isInPlace({ runDir, policy })) || !(await hasGateway({ runDir, sandboxId }))) return;
    await openGateway({ runDir, policy });
  };
  const writeSoon = (): void => {
    turn = turn.then(write).catch((error: unknown) => {
      if (isOwnFault(error)) return life.fail(error);
      log.error(
        { err: error, sessionId: session.id },
        'what a session may reach is not written yet; it is tried again',
      );
    });
  };
  life.onNetwork((network) => {
    wanted = network;
    // Where init is gone, no program is left that could use them.
    init.setPorts(transparentPorts(network.allow)).catch(() => undefined);
    writeSoon();
  });
  const timer = setInterval(writeSoon, LOOK_EVERY_MS);
  return () => {
    closed = true;
    clearInterval(timer);
  };
}
