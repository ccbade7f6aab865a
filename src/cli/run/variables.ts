import { describe } from '../../errors.ts';
import { readBounded } from '../../json/read-bounded.ts';
import { readFileUpTo } from '../../ops/read-file.ts';
import { valueIn } from '../../secret-files.ts';
import type { Environment } from '../../settings.ts';
import { CommandFailure, wrongUsage } from '../up/failure.ts';

/** A file that is written so is standard input. */
const STANDARD_INPUT = '@-';
/** No session has more in all of its secrets, so that what is longer is the wrong file. */
const MAX_SECRET_BYTES = 1024 ** 2;

/** Whether one of these secrets comes from standard input. */
export function readsStandardInput(secrets: readonly string[]): boolean {
  return secrets.some(isFromStandardInput);
}

function isFromStandardInput(secret: string): boolean {
  return secret.endsWith(`=${STANDARD_INPUT}`);
}

/** `K=V` each, or `K` for what the caller's environment has. */
export function envIn(given: readonly string[], env: Environment): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', value] = text.split(/=(.*)/s);
      return [name, value ?? fromEnvironment(name, env, '--env')];
    }),
  );
}

/** `K=V` each. */
export function metadataIn(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', value] = text.split(/=(.*)/s);
      if (value === undefined) throw wrongUsage(`--metadata takes KEY=VALUE; not "${text}".`);
      return [name, value];
    }),
  );
}

/**
 * `K` for what the caller's environment has, `K=@FILE` for what a file holds, without byte order mark and the line break at its end. Never a
 * value in the command line, which every user of the machine can read.
 */
export async function secretsIn(given: readonly string[], env: Environment): Promise<Record<string, string>> {
  if (given.filter(isFromStandardInput).length > 1) {
    throw wrongUsage('Only one --secret can come from standard input.');
  }
  const entries = given.map(async (text): Promise<[string, string]> => {
    const [name = '', source] = text.split(/=(.*)/s);
    if (source === undefined) return [name, fromEnvironment(name, env, '--secret')];
    if (source.startsWith('@')) return [name, await fromFile(name, source.slice(1))];
    throw wrongUsage(
      `--secret ${name} has its value in the command line, where others can read it. Take --secret ${name} with the value in the environment, or --secret ${name}=@FILE.`,
    );
  });
  return Object.fromEntries(await Promise.all(entries));
}

function fromEnvironment(name: string, env: Environment, option: string): string {
  const value = env[name];
  if (value !== undefined) return value;
  throw wrongUsage(`${option} ${name}: the environment has no variable of this name.`);
}

async function fromFile(name: string, path: string): Promise<string> {
  try {
    // By its stream, as a socket has no path to open.
    const text =
      path === '-'
        ? (await readBounded(process.stdin, MAX_SECRET_BYTES, 'standard input')).toString()
        : await readFileUpTo(path, MAX_SECRET_BYTES);
    return valueIn(text);
  } catch (error) {
    throw new CommandFailure(`--secret ${name}: ${describe(error)}`, { cause: error });
  }
}
