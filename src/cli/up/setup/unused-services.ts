import type { Environment } from '../../../settings.ts';
import { CommandFailure } from '../failure.ts';
import { lastLines, runProgram } from '../run-program.ts';

/** Packages that are installed for a program of theirs alone, with the service that nobody here uses. */
const SERVICES: Readonly<Record<string, string>> = { 'redis-server': 'redis-server' };
const TIMEOUT_MS = 60_000;

/**
 * Runs the installation of these Debian packages, and sees to it that no service of one that is new here starts with the
 * next boot. The service of a package that was there before stays as its user has it.
 */
export async function withoutUnusedServices(
  packages: string[],
  env: Environment,
  install: () => Promise<void>,
): Promise<void> {
  const candidates = packages.filter((name) => SERVICES[name] !== undefined);
  const there = await Promise.all(candidates.map((name) => isInstalled(name, env)));
  const fresh = candidates.filter((_, i) => !there[i]);
  await install();
  for (const name of fresh) await disable(SERVICES[name] ?? name, env);
}

async function isInstalled(name: string, env: Environment): Promise<boolean> {
  const asked = await runProgram('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], {
    env,
    timeoutMs: TIMEOUT_MS,
  });
  return asked.code === 0 && asked.stdout === 'installed';
}

/** For every init system that Debian has; update-rc.d(8). */
async function disable(service: string, env: Environment): Promise<void> {
  const { code, output } = await runProgram('update-rc.d', [service, 'disable'], { env, timeoutMs: TIMEOUT_MS });
  if (code === 0) return;
  throw new CommandFailure(
    `The service ${service}, which Daypass does not use, could not be disabled: ${lastLines(output)}\n` +
      `Disable it:\n  update-rc.d ${service} disable`,
  );
}
