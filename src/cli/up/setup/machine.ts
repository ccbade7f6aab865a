import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Environment } from '../../../settings.ts';
import { runProgram } from '../run-program.ts';
import type { Found, Need } from './needs.ts';
import { isDebianLike } from './os-release.ts';

/** Where system programs lie that a user's PATH may leave out. */
const SYSTEM_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** The one that packages of the system bring modules for, whatever comes first on the PATH. */
const SYSTEM_PYTHON = '/usr/bin/python3';
const VERSION_TIMEOUT_MS = 10_000;

/** The machine that is being set up, as far as the set-up asks about it. */
export interface Machine {
  isRoot: boolean;
  /** Debian's packages can be installed here, by root. */
  hasApt: boolean;
  /** The user's environment, with the system's directories on its PATH. */
  env: Environment;
  find(needs: Need[]): Promise<Map<string, Found>>;
}

export async function lookAtMachine(userEnv: Environment): Promise<Machine> {
  const env = { ...userEnv, PATH: [userEnv['PATH'] ?? '', ...SYSTEM_DIRS].join(delimiter) };
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return {
    isRoot: process.getuid?.() === 0,
    hasApt: isDebianLike(osRelease) && (await pathOf('apt-get', env)) !== null,
    env,
    find: async (needs) =>
      new Map(await Promise.all(needs.map(async (need) => [need.program, await look(need, env)] as const))),
  };
}

async function look(need: Need, env: Environment): Promise<Found> {
  if (need.isPythonModule) return (await hasPythonModule(need.program, env)) ? { version: null } : null;
  const path = await pathOf(need.program, env);
  if (path === null) return null;
  if (need.atLeast === undefined) return { version: null };
  const { output } = await runProgram(path, ['--version'], { env, timeoutMs: VERSION_TIMEOUT_MS });
  return { version: /\d+(\.\d+)+/.exec(output)?.[0] ?? null };
}

async function pathOf(program: string, env: Environment): Promise<string | null> {
  for (const dir of (env['PATH'] ?? '').split(delimiter)) {
    if (dir === '') continue;
    const path = join(dir, program);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return null;
}

async function hasPythonModule(name: string, env: Environment): Promise<boolean> {
  const options = { env, timeoutMs: VERSION_TIMEOUT_MS };
  return runProgram(SYSTEM_PYTHON, ['-c', `import ${name}`], options).then(
    ({ code }) => code === 0,
    () => false,
  );
}
