import { z } from 'zod';
import { findSetting } from './secret-files.ts';

export type Environment = Record<string, string | undefined>;

/** Settings that cannot be used. Its message has one line for each that is wrong. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the named settings and reports all that is wrong at once. A setting that is set but empty counts as not set, as
 * `docker compose` passes on variables that way. A secret one may lie in a file. Throws `SettingsError`; no value is in
 * its message, since some are keys.
 */
export function settings<Shape extends z.ZodRawShape>(env: Environment, shape: Shape): z.output<z.ZodObject<Shape>> {
  const found = new Map(Object.keys(shape).map((name) => [name, findSetting(env, name)]));
  const given = Object.fromEntries([...found].map(([name, one]) => [name, 'value' in one ? one.value : undefined]));
  const problems = [...found.values()].flatMap((one) => ('problem' in one ? [`${one.setting} ${one.problem}`] : []));
  const read = z.object(shape).safeParse(given);
  if (read.success && problems.length === 0) return read.data;
  const issues = (read.error?.issues ?? []).flatMap(({ path, message }) => {
    const one = found.get(path.join('.'));
    if (one === undefined || 'problem' in one) return [];
    return [`${one.setting} ${one.value === undefined ? 'is not set, but is needed' : message}`];
  });
  throw wrongSettings([...problems, ...issues]);
}

/** Of what is wrong, each as part of a sentence that begins with the setting's name. */
export function wrongSettings(problems: readonly string[]): SettingsError {
  const lines = problems.map((line) => `  ${line}`);
  return new SettingsError(`These settings are wrong, so nothing was started:\n${lines.join('\n')}`);
}
