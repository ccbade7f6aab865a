import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../../settings.ts';
import { CommandFailure } from '../failure.ts';
import { lastLines, runProgram, type ProgramRun } from '../run-program.ts';
import { withServicesHeld } from './hold-services.ts';

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const INSTALL_TIMEOUT_MS = 15 * 60_000;
/** Another package manager at work is waited for so long. */
const LOCK_TIMEOUT_MS = 120_000;
const LOCK_RETRY_MS = 2_000;

/** Installs Debian packages as root, and starts none of their services. Throws with the last words of apt-get. */
export async function aptInstall(packages: string[], userEnv: Environment): Promise<void> {
  const env = { ...userEnv, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]): Promise<ProgramRun> =>
    whenUnlocked(() =>
      runProgram('apt-get', ['-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_MS / 1_000}`, ...args], {
        env,
        timeoutMs: INSTALL_TIMEOUT_MS,
      }),
    );
  // Where the lists cannot be renewed the old ones may do; the installation tells.
  const update = await apt('update');
  const install = await withServicesHeld(POLICY_FILE, () =>
    apt('install', '--yes', '--no-install-recommends', ...packages),
  );
  if (install.code === 0) return;
  const said = [update, install].filter(({ code }) => code !== 0).map(({ output }) => lastLines(output));
  const command = `apt-get update && apt-get install --no-install-recommends ${packages.join(' ')}`;
  throw new CommandFailure(
    `These packages could not be installed: ${packages.join(' ')}\n${said.join('\n')}\nThe command was:\n  ${command}`,
  );
}

/** `DPkg::Lock::Timeout` does not cover the lock of the package lists (apt 2.6). */
async function whenUnlocked(run: () => Promise<ProgramRun>): Promise<ProgramRun> {
  const until = Date.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const result = await run();
    if (result.code === 0 || !/Could not get lock|Unable to lock/.test(result.output) || Date.now() > until)
      return result;
    await sleep(LOCK_RETRY_MS);
  }
}
