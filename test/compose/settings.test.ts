import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
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
  DOCKER_TLS_VERIFY: 'is for an engine that is asked over TCP',
  DOCKER_CERT_PATH: 'is for an engine that is asked over TCP',
};
/** What a service is given and its role does not read. */
const ADDED: Partial<Record<RoleName, string[]>> = {
  // For the command in its container, and for places that all have.
  api: ['DAYPASS_API_KEY_FILE', 'DAYPASS_API_URL', 'DAYPASS_RUN_DIR'],
};

/** Those that the compose file decides by itself, or that are docker's own. */
const FIXED = /^DOCKER_|_FILE$|_GID$|_LISTEN$|_SOCKET$|^DAYPASS_(DATA_DIR|MEMORY_DIR|LOG_DIR|API_URL)$/;

const SERVICES = ['git-host', 'minter', 'gateway', 'warden', 'api', 'worker'] as const;
const SET = '/the/operator/set/it';

type Services = Record<string, { environment?: Record<string, string | null> }>;

/** The compose file as Compose reads it with these variables; that takes no engine. */
async function composed(env: Record<string, string>): Promise<Services> {
  const run = await runProgram('docker', ['compose', '--env-file', '/dev/null', 'config', '--format', 'json'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    cwd: ROOT,
    timeoutMs: 30_000,
  });
  if (run.code !== 0) throw new Error(run.output);
  return (JSON.parse(run.stdout) as { services: Services }).services;
}

describe.each(SERVICES)('the service %s', (role) => {
  let given: Record<string, string | null>;
  beforeAll(async () => {
    const names = SERVICES.flatMap(settingsOf).filter((name) => !FIXED.test(name));
    given = (await composed(Object.fromEntries(names.map((name) => [name, SET]))))[role]?.environment ?? {};
  });

  it('is given every setting of its role, the secret ones as files, and no other', () => {
    const wanted = settingsOf(role).filter((name) => fileSettingOf(name) === null || name === 'DAYPASS_REDIS_URL');
    const expected = [...wanted.filter((name) => LEFT_OUT[name] === undefined), ...(ADDED[role] ?? [])];
    expect(Object.keys(given).toSorted()).toEqual(expected.toSorted());
  });

  it('takes what the operator sets', () => {
    const settable = settingsOf(role).filter((name) => name in given && !FIXED.test(name));
    expect(settable.filter((name) => !given[name]?.includes(SET))).toEqual([]);
  });
});
