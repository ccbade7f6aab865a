import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { settingsOf, type RoleName } from '../../src/cli/up/installation/role-settings.ts';
import { runProgram } from '../../src/cli/up/run-program.ts';
import { fileSettingOf } from '../../src/secret-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Settings of a role that the compose file does not pass on, and why. */
const LEFT_OUT: Record<string, string> = {
  DAYPASS_FAILPOINTS: 'for tests of Daypass itself',
  DAYPASS_REDIS_URL_FILE: "its Redis has no password; another one's URL is given as it is",
  DAYPASS_WARDEN_SOCKET: 'is where the run directory has it',
  DAYPASS_WEBHOOK_CA_FILE: "would be a file of the host's",
  DOCKER_HOST: 'is the socket that is mounted',
};
/** What a service is given and its role does not read. */
const ADDED: Partial<Record<RoleName, string[]>> = {
  'git-host': ['MALLOC_ARENA_MAX', 'NODE_OPTIONS'],
  // For the command in its container, and for places that all have.
  api: ['DAYPASS_API_KEY_FILE', 'DAYPASS_API_URL', 'DAYPASS_RUN_DIR'],
};

/** Those that the compose file decides by itself. */
const FIXED = /_FILE$|_GID$|_LISTEN$|_SOCKET$|^DAYPASS_(DATA_DIR|MEMORY_DIR|LOG_DIR|API_URL)$/;

interface Composed {
  services: Record<string, { environment?: Record<string, string | null> }>;
}

/** What the compose file gives a service, as Compose reads it with these variables; that takes no engine. */
async function givenTo(role: RoleName, env: Record<string, string> = {}): Promise<Record<string, string | null>> {
  const run = await runProgram('docker', ['compose', '--env-file', '/dev/null', 'config', '--format', 'json'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    cwd: ROOT,
    timeoutMs: 30_000,
  });
  if (run.code !== 0) throw new Error(run.output);
  return (JSON.parse(run.stdout) as Composed).services[role]?.environment ?? {};
}

describe.each(['git-host', 'minter', 'gateway', 'warden', 'api', 'worker'] as const)('the service %s', (role) => {
  it('is given every setting of its role, the secret ones as files, and no other', async () => {
    const wanted = settingsOf(role).filter((name) => fileSettingOf(name) === null || name === 'DAYPASS_REDIS_URL');
    const expected = [...wanted.filter((name) => LEFT_OUT[name] === undefined), ...(ADDED[role] ?? [])];
    expect(Object.keys(await givenTo(role)).toSorted()).toEqual(expected.toSorted());
  });

  it('takes what the operator sets', async () => {
    const names = Object.keys(await givenTo(role)).filter((name) => name.startsWith('DAYPASS_') && !FIXED.test(name));
    const given = await givenTo(role, Object.fromEntries(names.map((name) => [name, '/the/operator/set/it'])));
    expect(names.filter((name) => !given[name]?.includes('/the/operator/set/it'))).toEqual([]);
  });
});
