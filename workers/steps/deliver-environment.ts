import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { SandboxGrant } from '../../src/token/minter/client.ts';
import type { WorkerDeps } from '../deps.ts';
import { DEADLINE_GRACE_SECONDS, type Life } from '../life.ts';
import { sandboxEnvironment } from '../sandbox-environment.ts';
import type { OpenSandbox } from './open-sandbox.ts';

/** Where programs in the sandbox find the gateway as an HTTP proxy. */
const PROXY = { address: '127.0.0.1', port: 3128 };
/** The sandbox's own clock runs out after the worker's, which records why the session ends. */
const WATCHDOG_AFTER_SECONDS = DEADLINE_GRACE_SECONDS + 5;

/**
 * Gives the sandbox its way out, its environment and its own deadline. This is the moment in which the token enters it:
 * over the standard input of its init, so that it is in no argument list, no inspection and on no disk.
 */
export async function deliverEnvironment(
  { repoHost, log: logger }: WorkerDeps,
  session: SessionRecord,
  { init, log }: OpenSandbox,
  grant: SandboxGrant,
  life: Life,
): Promise<void> {
  // The masks must be in place before the first program that could print a secret runs.
  log.mask([...Object.values(grant.access.secretEnv), ...Object.values(grant.secrets)]);
  const { host, port, listenAddress } = repoHost;
  await init.forward({ address: listenAddress, port }, { host, port });
  await init.forward(PROXY, null);
  await init.setEnv(sandboxEnvironment(session, grant, repoHost));
  await failpoint('worker.env_delivered');
  life.onDeadline((deadline) => {
    const seconds = Math.ceil((deadline.getTime() - Date.now()) / 1000) + WATCHDOG_AFTER_SECONDS;
    init.setWatchdog(Math.max(0, seconds), DEADLINE_GRACE_SECONDS).catch((error: unknown) => {
      logger.warn({ err: error, sessionId: session.id }, 'the sandbox could not be told of its deadline');
    });
  });
}
