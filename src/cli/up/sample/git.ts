import type { Environment } from '../../../settings.ts';
import type { Secret } from '../../../token/secret.ts';
import { lastLines, runProgram } from '../run-program.ts';

const GIT_TIMEOUT_MS = 120_000;

/** Runs git in a directory. Resolves with its standard output; throws with its last words. */
export type Git = (cwd: string, ...args: string[]) => Promise<string>;

/** Where git may go, and as whom. */
export interface RepoHost {
  /** With /v1. */
  url: string;
  key: Secret;
}

/**
 * git with the key for the repo host and without anybody's settings or hooks. The key goes in by the environment: an
 * argument list can be read by every user of the machine.
 */
export function createGit(userEnv: Environment, { url, key }: RepoHost): Git {
  const basic = Buffer.from(`token:${key.reveal()}`).toString('base64');
  const config: [string, string][] = [
    [`http.${new URL(url).origin}/.extraHeader`, `Authorization: Basic ${basic}`],
    ['http.followRedirects', 'false'],
    ['core.hooksPath', '/dev/null'],
    // The checkout may belong to another user than the one who starts it.
    ['safe.directory', '*'],
    ['user.name', 'Daypass'],
    ['user.email', 'sample@daypass.invalid'],
    ['init.defaultBranch', 'main'],
  ];
  const env: Environment = {
    PATH: userEnv['PATH'],
    HOME: userEnv['HOME'],
    LANG: 'C.UTF-8',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: String(config.length),
  };
  for (const [index, [name, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = name;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return async (cwd, ...args) => {
    const { code, stdout, output } = await runProgram('git', args, { env, cwd, timeoutMs: GIT_TIMEOUT_MS });
    if (code !== 0) throw new Error(`git ${args[0]} ended with ${code ?? 'a signal'}:\n${lastLines(output)}`);
    return stdout.trim();
  };
}
