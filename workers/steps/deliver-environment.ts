import { GIT_GATEWAY, GIT_LISTENER } from '../../src/egress/git/git-gateway.ts';
import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { SandboxGrant } from '../../src/token/minter/client.ts';
import type { WorkerDeps } from '../deps.ts';
import { sandboxEnvironment } from '../sandbox-environment.ts';
import type { InitClient } from '../init-client.ts';
import type { SessionLog } from '../log/session-log.ts';

/** Where programs in the sandbox find the gateway as an HTTP proxy. */
const PROXY = { address: '127.0.0.1', port: 3128 };

/**
 * Gives the sandbox its way out and its environment. With delivery by `env` this is the moment in which the token enters
 * it: as an order to its init, so that it is in no argument list, no inspection and on no disk. With delivery by the
 * gateway it gets a way for git instead. Safe to repeat.
 */
export async function deliverEnvironment(
  { repoHost, masks }: Pick<WorkerDeps, 'repoHost' | 'masks'>,
  session: SessionRecord,
  { init, log }: { init: InitClient; log: Pick<SessionLog, 'mask'> },
  grant: SandboxGrant,
): Promise<void> {
  // The masks must be in place before the first program that could print a secret runs.
  log.mask(masks.formsOf(session.id));
  const { host, port, listenAddress } = repoHost;
  await init.forward({ address: listenAddress, port }, { host, port });
  await init.forward(PROXY, null);
  if (session.request.credentials.delivery === 'gateway') await init.forward(GIT_LISTENER, GIT_GATEWAY);
  const environment = sandboxEnvironment(session, grant, repoHost);
  await init.setEnv(environment.user);
  await init.setAgentEnv(environment.request);
  await init.setEnv(environment.session);
  await failpoint('worker.env_delivered');
}
