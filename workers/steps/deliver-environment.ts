import type { SessionRecord } from '../../src/session/record.ts';
import type { SandboxGrant } from '../../src/token/minter/client.ts';
import type { WorkerDeps } from '../deps.ts';
import { sandboxEnvironment } from '../sandbox-environment.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** Where programs in the sandbox find the gateway as an HTTP proxy. */
const PROXY = { address: '127.0.0.1', port: 3128 };

/**
 * Gives the sandbox its way out and its environment. This is the moment in which the token enters it: over the standard
 * input of its init, so that it is in no argument list, no inspection and on no disk.
 */
export async function deliverEnvironment(
  { repoHost }: WorkerDeps,
  session: SessionRecord,
  { init, log }: OpenSandbox,
  grant: SandboxGrant,
): Promise<void> {
  // The masks must be in place before the first program that could print a secret runs.
  log.mask([...Object.values(grant.access.secretEnv), ...Object.values(grant.secrets)]);
  await init.forward(
    { address: repoHost.listenAddress, port: repoHost.port },
    { host: repoHost.host, port: repoHost.port },
  );
  await init.forward(PROXY, null);
  await init.setEnv(sandboxEnvironment(session, grant, repoHost));
}
