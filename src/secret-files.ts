import { readFileSync, statSync } from 'node:fs';
import type { Environment } from './settings.ts';

/** Settings that are secrets, or may hold one. Each may be the path of a file instead, as `NAME_FILE`. */
const SECRETS: ReadonlySet<string> = new Set([
  'DAYPASS_API_KEY',
  'DAYPASS_API_KEYS',
  'DAYPASS_GIT_HOST_KEYS',
  'DAYPASS_REDIS_URL',
  'DAYPASS_RELACE_API_KEY',
  'DAYPASS_SEAL_KEYS',
]);

/** Container engines put a file here for one container alone, often with a mode that lets everybody in it read. */
const FOR_ONE_CONTAINER = '/run/secrets/';
const OTHERS_MAY_READ = 0o004;

/** A setting as it was found, and in which; `problem` goes on its name, as in `DAYPASS_X must …`. */
export type Found = { setting: string } & ({ value: string | undefined } | { problem: string });

/** The setting that names the file of a secret one; null for one that is no secret. */
export function fileSettingOf(name: string): string | null {
  return SECRETS.has(name) ? `${name}_FILE` : null;
}

/**
 * What a setting is, from the environment or from the file that it names there. One that is empty counts as not set. A
 * byte order mark at the file's beginning and a line break at its end are not part of the secret.
 */
export function findSetting(env: Environment, name: string): Found {
  const value = env[name] === '' ? undefined : env[name];
  const fileSetting = fileSettingOf(name);
  const file = fileSetting === null ? '' : (env[fileSetting] ?? '');
  if (fileSetting === null || file === '') return { setting: name, value };
  if (value !== undefined) return { setting: name, problem: `must not be set together with ${fileSetting}` };
  return { setting: fileSetting, ...readSecretFile(file) };
}

/** What a file says that holds one value, less what editors put around it: a byte order mark, and one line break at the end. */
export function valueIn(content: string): string {
  return content.replace(/^\ufeff/, '').replace(/\r?\n$/, '');
}

function readSecretFile(file: string): { value: string } | { problem: string } {
  try {
    if (!file.startsWith(FOR_ONE_CONTAINER) && (statSync(file).mode & OTHERS_MAY_READ) !== 0)
      return { problem: `is ${file}, which every user of this machine may read; run: chmod o-r ${file}` };
    const value = valueIn(readFileSync(file, 'utf8'));
    return value === '' ? { problem: `is ${file}, which is empty` } : { value };
  } catch (error) {
    return { problem: `is ${file}, which cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'it failed'}` };
  }
}
