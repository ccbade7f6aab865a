import { z } from 'zod';

export type Environment = Record<string, string | undefined>;

/** Settings that cannot be used. Its message has one line for each that is wrong. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the named settings and reports all that is wrong at once. A setting that is set but empty counts as not set, as
 * `docker compose` passes on variables that way. Throws `SettingsError`; no value is in its message, since some are keys.
 */
export function settings<Shape extends z.ZodRawShape>(env: Environment, shape: Shape): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(Object.keys(shape).map((name) => [name, env[name] === '' ? undefined : env[name]]));
  const read = z.object(shape).safeParse(given);
  if (read.success) return read.data;
  const lines = read.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return `  ${name} ${given[name] === undefined ? 'is not set, but is needed' : issue.message}`;
  });
  throw new SettingsError(`These settings are wrong, so nothing was started:\n${lines.join('\n')}`);
}
