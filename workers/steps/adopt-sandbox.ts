import { SessionError } from '../../src/errors.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import { retryWhileAway } from '../retry-while-away.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Life } from '../life.ts';
import { connectSandbox, type OpenSandbox } from './connect-sandbox.ts';

const OPEN_TIMEOUT_MS = 10_000;

/**
 * Takes over the sandbox that an earlier worker had claimed, wherever that one had got to: its log goes on without a gap,
 * and what its agent did meanwhile is read from its reports. The values are needed to mask them.
 */
export async function adoptSandbox(deps: WorkerDeps, session: SessionRecord, life: Life): Promise<OpenSandbox> {
  const { sandbox } = session;
  if (sandbox === null) throw new SessionError('worker_lost', 'The session has no sandbox to take over');
  const grant = await retryWhileAway('minter_unavailable', life.signal, () =>
    deps.minter.open(session.id, sandbox.id, 'mask', AbortSignal.timeout(OPEN_TIMEOUT_MS)),
  );
  const secrets = [...Object.values(grant.access.secretEnv), ...Object.values(grant.secrets)];
  const adopted = await connectSandbox(deps, session, { id: sandbox.id, life, secrets });
  // Whether it could be started is in its reports; the earlier worker may not have lived to read them.
  if (adopted.init.hasAgent && session.status === 'starting') await adopted.init.started;
  return adopted;
}
